// Node's modules in the page and its workers. Not `resolve.alias`: that would change the CLI as well. The plugin is named three times in
// vite.config.ts, because the build, the worker builds and the dependency optimizer of `vite dev` each have a list of their own.
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const shim = (file: string): string => fileURLToPath(new URL(`../../web/shims/${file}`, import.meta.url));

/** What each name becomes: a file of web/shims, or (where `package` is set) a package of the same purpose. */
const SHIMS: Readonly<Record<string, { readonly file: string } | { readonly package: string }>> = {
  assert: { file: 'assert.cjs' },
  buffer: { package: 'buffer/' },
  crypto: { file: 'crypto.ts' },
  debug: { file: 'debug.cjs' },
  events: { package: 'events/' },
  mqtt: { file: 'mqtt.ts' },
  perf_hooks: { file: 'absent.cjs' },
  process: { file: 'process.cjs' },
  'process/': { file: 'process.cjs' },
  stream: { package: 'readable-stream' },
  timers: { file: 'absent.cjs' },
  'timers/promises': { file: 'absent.cjs' },
  util: { file: 'util.cjs' },
  'worker-timers': { file: 'worker-timers.cjs' },
};

export function browserShims(): Plugin {
  return {
    name: 'muster:browser-shims',
    enforce: 'pre',
    applyToEnvironment: (environment) => environment.name === 'client',
    resolveId: {
      filter: { id: /^(?:node:)?[a-z_-]+(?:\/(?:promises)?)?$/ },
      async handler(source, importer, options) {
        const target = SHIMS[source.replace(/^node:/, '')];
        if (!target) return null;
        if ('file' in target) return shim(target.file);
        return this.resolve(target.package, importer, { ...options, skipSelf: true });
      },
    },
  };
}
