// What CI systems are given: the composite action, its example workflow and the GitLab snippet. Their scripts are run as those systems run
// them, from the files themselves, with what they would be told.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { withStub, type Ended } from './command.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const LONG = 120_000;
const ONE = 'platform/nwl/five-units';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly name?: string;
  readonly shell?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string; readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}
interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

const read = (path: string): unknown => parse(readFileSync(join(CHECKOUT, path), 'utf8'), { strict: true, uniqueKeys: true });
const action = read('action.yml') as Action;
const { steps } = action.runs;

/** Every `${{ … }}` in a text or in all texts of a value. */
function expressionsIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/\$\{\{\s*(.*?)\s*\}\}/g)].map((match) => match[1] ?? '');
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the action', () => {
  test('uses the inputs that it declares, all of them, and gives outputs that a step writes', () => {
    const used = expressionsIn(steps).flatMap((one) => /^inputs\.(.+)$/.exec(one)?.[1] ?? []);
    expect([...new Set(used)].sort()).toEqual(Object.keys(action.inputs).sort());
    for (const [name, { value }] of Object.entries(action.outputs)) {
      const [, id = '', output = ''] = /^\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}$/.exec(value) ?? [];
      expect(output).toBe(name);
      expect(steps.find((step) => step.id === id)?.run).toMatch(new RegExp(`echo "${output}=.*" >> "\\$GITHUB_OUTPUT"`));
    }
    for (const one of [...Object.values(action.inputs), ...Object.values(action.outputs)]) expect(one.description).not.toBe('');
  });

  test('is composite, names its shell, and puts no input into a script, where it would be run', () => {
    expect(action.runs.using).toBe('composite');
    for (const step of steps) {
      if (step.run === undefined) expect(step.uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
      else expect([step.shell, expressionsIn(step.run)]).toEqual(['bash', []]);
    }
    // A secret comes from the environment of the job.
    expect(Object.keys(action.inputs).join(' ')).not.toMatch(/secret|token|password/i);
  });

  interface Ran extends Ended {
    readonly outputs: Readonly<Record<string, string>>;
    readonly summary: string;
    readonly workspace: string;
  }

  /** Runs the step `verify` as the runner of GitHub does: a file, bash, and the variables that it sets. */
  async function runVerify(name: string, inputs: Readonly<Record<string, string>>, prepare?: (workspace: string) => void): Promise<Ran> {
    const workspace = join(folder, name);
    mkdirSync(workspace);
    prepare?.(workspace);
    const step = steps.find((one) => one.id === 'verify');
    const known: Readonly<Record<string, string>> = {
      'github.action_path': CHECKOUT,
      ...Object.fromEntries(Object.entries(action.inputs).map(([input, { default: text }]) => [`inputs.${input}`, inputs[input] ?? text])),
    };
    const value = (text: string): string =>
      text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
        const found = known[expression];
        if (found === undefined) throw new Error(`nobody knows ${expression}`);
        return found;
      });
    const given = Object.fromEntries(Object.entries(step?.env ?? {}).map(([key, text]) => [key, value(text)]));
    const files = { GITHUB_OUTPUT: join(workspace, '.output'), GITHUB_STEP_SUMMARY: join(workspace, '.summary') };
    for (const file of Object.values(files)) writeFileSync(file, '');
    writeFileSync(join(workspace, '.step.sh'), step?.run ?? 'exit 99');
    const ended = await run('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '.step.sh'], workspace, {
      ...files,
      ...given,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
    });
    const outputs = readFileSync(files.GITHUB_OUTPUT, 'utf8').trim().split('\n');
    return {
      ...ended,
      workspace,
      outputs: Object.fromEntries(outputs.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
      summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    };
  }

  test(
    'gives result, report and summary of the bundled stub',
    async () => {
      const out = 'a folder of results';
      const { code, outputs, summary, workspace, stdout } = await runVerify('selected', {
        case: 'platform/nwl/f*',
        out,
        edition: 'doc2021',
      });
      expect([code, outputs]).toEqual([0, { conformance: 'undetermined', out }]);
      expect(stdout).toContain(ONE);
      // Without a colour code or a bar: nobody watches.
      expect(stdout).not.toContain('\u001b');
      expect(summary).toBe(readFileSync(join(workspace, out, 'summary.md'), 'utf8'));
      expect(summary).toContain('doc2021');
      for (const file of ['report.json', 'junit.xml', 'report.html', 'report.sarif'])
        expect(existsSync(join(workspace, out, file))).toBe(true);
    },
    LONG,
  );

  test(
    'ends as the command does when a case of the repository’s own fails, with the report all the same',
    async () => {
      const { code, outputs, summary } = await runVerify('failing', { case: ONE, cases: 'cases', jobs: '1' }, (workspace) => {
        mkdirSync(join(workspace, 'cases'));
        writeFileSync(
          join(workspace, 'cases/fails.case.mjs'),
          `export default { id: 'acme/fails', title: { en: 'Fails', 'zh-CN': '失败' }, profiles: ['nwl'],
            drive: (t) => t.note('note', { ok: false }),
            checks: [{ id: 'ok', rule: 'ACME-02', class: 'M', oracle: 'factIs', on: { span: 'note', fact: 'ok', is: true } }] };`,
        );
      });
      expect([code, outputs['conformance']]).toEqual([1, 'undetermined']);
      expect(summary).toContain('acme/fails');
    },
    LONG,
  );

  test('takes a target, its authority and a baseline, and gives no result of an earlier run where this one cannot begin', async () => {
    await withStub([], async ({ mqtts, ca }) => {
      process.env['MUSTER_PRODUCT_SECRET'] = 'ps0123456789abcd';
      process.env['MUSTER_PRODUCT_KEY'] = 'a1Muster0001';
      try {
        const target = `mqtts://127.0.0.1:${mqtts}`;
        const good = await runVerify(
          'target',
          { target, ca, case: ONE, baseline: 'known.yaml', 'allow-destructive': 'true' },
          (workspace) => writeFileSync(join(workspace, 'known.yaml'), 'entries: []\n'),
        );
        expect([good.stderr, good.code, good.outputs['conformance']]).toEqual([expect.any(String), 0, 'undetermined']);
        const bad = await runVerify('unreachable', { target: 'mqtts://127.0.0.1:1', case: ONE }, (workspace) => {
          mkdirSync(join(workspace, 'muster-results'));
          writeFileSync(join(workspace, 'muster-results/report.json'), '{"result":{"conformance":"conformant"}}');
          writeFileSync(join(workspace, 'muster-results/summary.md'), 'all was well');
        });
        expect([bad.code, bad.outputs, bad.summary]).toEqual([3, { out: 'muster-results' }, '']);
        expect(bad.stderr).toContain('nothing listens there');
      } finally {
        delete process.env['MUSTER_PRODUCT_SECRET'];
        delete process.env['MUSTER_PRODUCT_KEY'];
      }
    });
  }, 60_000);
});

test('the example workflow gives the action what it knows, and takes what it gives', () => {
  const workflow = read('docs/ci/github.yml') as Workflow;
  const all = Object.values(workflow.jobs).flatMap((job) => job.steps);
  const ours = all.find((step) => step.id === 'muster');
  const checkout = all.find((step) => step.with?.['path'] !== undefined && step.uses?.startsWith('actions/checkout@'));
  expect(ours?.uses).toBe(`./${checkout?.with?.['path'] ?? ''}`);
  for (const input of Object.keys(ours?.with ?? {})) expect(Object.keys(action.inputs)).toContain(input);
  const taken = expressionsIn(all).flatMap((one) => /^steps\.muster\.outputs\.(.+)$/.exec(one)?.[1] ?? []);
  expect(taken).toContain('out');
  for (const output of taken) expect(Object.keys(action.outputs)).toContain(output);
});

test(
  'the GitLab snippet runs as it stands, and the report that it names is there',
  async () => {
    const { conformance } = read('docs/ci/gitlab.yml') as {
      readonly conformance: {
        readonly script: readonly string[];
        readonly artifacts: { readonly when: string; readonly paths: readonly string[]; readonly reports: { readonly junit: string } };
      };
    };
    const workspace = join(folder, 'gitlab');
    const tools = join(workspace, 'tools');
    mkdirSync(join(workspace, 'ci'), { recursive: true });
    mkdirSync(tools);
    // Cloning and installing are git's and npm's; what they leave behind is this checkout.
    tool(tools, 'git', `[ "$1" = clone ] && ln -s "$MUSTER_REPOSITORY" "\${@: -1}"`);
    tool(tools, 'npm', '[ "$*" = ci ] && [ -f package-lock.json ]');
    writeFileSync(join(workspace, 'ci/known-failures.yaml'), 'entries: []\n');
    // The whole suite takes minutes over sockets; one case shows that the line is right.
    tool(tools, 'node', `exec "${process.execPath}" "$@" --case ${ONE}`);
    await withStub([], async ({ target }) => {
      copyFileSync(target, join(workspace, 'ci/staging.yaml'));
      writeFileSync(join(workspace, '.job.sh'), conformance.script.join('\n'));
      const ended = await run('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '.job.sh'], workspace, {
        PATH: `${tools}:${process.env['PATH'] ?? ''}`,
        CI: 'true',
        GITLAB_CI: 'true',
        MUSTER_REPOSITORY: CHECKOUT,
      });
      expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('1 case at muster-stub')]);
    });
    expect(conformance.artifacts.when).toBe('always');
    for (const path of conformance.artifacts.paths) expect(existsSync(join(workspace, path))).toBe(true);
    expect(readFileSync(join(workspace, conformance.artifacts.reports.junit), 'utf8')).toContain('<testsuite');
  },
  LONG,
);

function tool(place: string, name: string, script: string): void {
  writeFileSync(join(place, name), `#!/bin/bash\n${script}\n`);
  chmodSync(join(place, name), 0o755);
}

async function run(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...process.env, XDG_STATE_HOME: join(folder, 'state'), ...env }, stdio: 'pipe' });
  child.stdin.end();
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
