// The licences of what was bundled, read from the modules themselves: a package that is only installed is not named, and one that
// nobody thought of is. A licence that is not on the list stops the build.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Licences that let a bundle be passed on with no more than a notice (SPDX identifiers). */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  // pako, by way of hdr-histogram-js.
  'Zlib',
]);

/** Helpers that a tool writes into the bundle are the tool's own code. */
const TOOLS: Readonly<Record<string, string>> = { '\0rolldown/': 'rolldown', '\0vite/': 'vite', 'vite/': 'vite' };

/** Does an SPDX expression leave a permissive choice? */
function permissive(expression: string): boolean {
  return expression
    .replace(/[()]/g, '')
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((one) => PERMISSIVE.has(one.trim())));
}

export interface ThirdParty {
  /** Belongs into `plugins` and into `worker.plugins`: workers are builds of their own. */
  plugin(): Plugin;
  /** The notices of everything bundled so far; throws when one of them is not permissive. */
  notices(): string;
}

export function thirdParty(root: string): ThirdParty {
  const folders = new Set<string>();
  return {
    plugin: () => ({
      name: 'muster:third-party',
      generateBundle(_options, bundle) {
        for (const file of Object.values(bundle)) {
          for (const id of file.type === 'chunk' ? file.moduleIds : []) {
            const folder = packageOf(id, root);
            if (folder) folders.add(folder);
          }
        }
      },
    }),
    notices: () => format([...folders]),
  };
}

/** The folder of the package a module belongs to; undefined for our own. */
function packageOf(id: string, root: string): string | undefined {
  const tool = Object.entries(TOOLS).find(([prefix]) => id.startsWith(prefix))?.[1];
  if (tool) return join(root, 'node_modules', tool);
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id.replace(/^\0/, ''))?.[0];
}

function format(folders: readonly string[]): string {
  const packages = folders.map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
    return { ...manifest, license: manifest.license ?? 'none stated', text: licenceText(folder) };
  });
  const refused = packages.filter((one) => !permissive(one.license));
  if (refused.length > 0) {
    throw new Error(
      `bundled under a licence that is not on the list of tools/vite/third-party.ts: ${refused.map((one) => `${one.name} (${one.license})`).join(', ')}`,
    );
  }
  const title = (one: (typeof packages)[number]): string => `${one.name} ${one.version}`;
  const parts = [...new Map(packages.map((one) => [title(one), one])).values()]
    .sort((a, b) => (title(a) < title(b) ? -1 : 1))
    .map((one) => `${title(one)} (${one.license})\n${'-'.repeat(78)}\n${one.text ?? 'The package holds no licence text of its own.'}\n`);
  return `Muster bundles the packages below, each under the licence that follows its name.\n\n${parts.join('\n')}`;
}

function licenceText(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8').trim() : undefined;
}
