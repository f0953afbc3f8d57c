// A run that does not come to its end: Ctrl-C leaves the report of what ran, a kill leaves the evidence of what ended, and neither is taken
// for more than it is.
import { spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { COMMAND, muster, withStub } from './command.ts';

const LONG = 120_000;
const INTERRUPTED = 130;
const UNDETERMINED = 2;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly out: string;
  readonly transcript: string;
  readonly ended: Promise<number | null>;
  stderr(): string;
}

function start(name: string, ...args: readonly string[]): Running {
  const out = join(folder, name);
  mkdirSync(out, { recursive: true });
  const child = spawn(process.execPath, [COMMAND, 'verify', 'platform', '--out', out, ...args], {
    env: { ...process.env, XDG_STATE_HOME: join(folder, 'state') },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.add(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, out, transcript: join(out, 'transcript.jsonl'), ended, stderr: () => stderr };
}

interface Line {
  readonly kind: string;
  readonly case?: string;
}

/** The whole lines of a file. */
function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

const casesIn = (path: string): string[] =>
  linesOf(path)
    .map((line) => JSON.parse(line) as Line)
    .flatMap((line) => (line.kind === 'case' ? [line.case ?? ''] : []));

/** Waits until the evidence of so many cases is there. */
async function ranCases({ out, transcript, ended, stderr }: Running, count: number): Promise<void> {
  const abort = new AbortController();
  void ended.then(() => abort.abort());
  // It listens before the file is read, so that nothing is missed.
  const watcher = watch(out);
  const changes = on(watcher, 'change', { signal: abort.signal });
  try {
    if (casesIn(transcript).length >= count) return;
    for await (const _ of changes) if (casesIn(transcript).length >= count) return;
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  } finally {
    watcher.close();
  }
  throw new Error(`the run ended before ${count} cases did:\n${stderr()}`);
}

/** The target file of a stub that is said to take two attempts of a device a minute: what is more waits for a minute. */
function slowTarget(target: string): string {
  const path = join(folder, 'slow.yaml');
  writeFileSync(path, stringify({ ...(parse(readFileSync(target, 'utf8')) as object), pace: { perDevicePerMinute: 2 } }));
  return path;
}

interface Report {
  readonly cases: readonly { readonly id: string; readonly verdict: string; readonly note: string | null }[];
}

describe('Ctrl-C', () => {
  test(
    'ends a run at a target at once, whatever its cases wait for, with the report of what ran',
    async () => {
      await withStub([], async ({ target }) => {
        const run = start('interrupted', '--target', slowTarget(target), '--jobs', '8');
        await ranCases(run, 1);
        const since = performance.now();
        run.child.kill('SIGINT');
        expect(await run.ended).toBe(INTERRUPTED);
        // Each case that was under way would have waited for a minute.
        expect(performance.now() - since).toBeLessThan(20_000);
        expect(run.stderr()).toMatch(/stopping; press Ctrl-C again/);

        const { cases } = JSON.parse(readFileSync(join(run.out, 'report.json'), 'utf8')) as Report;
        const ran = cases.filter((one) => one.verdict !== 'not_run').map((one) => one.id);
        expect(ran).toEqual(casesIn(run.transcript));
        expect(ran.length).toBeGreaterThan(0);
        const notes = cases.filter((one) => one.verdict === 'not_run').map((one) => one.note);
        expect(notes).toContain('it was cut short: the run was stopped');
        expect(notes).toContain('the run was stopped');
        for (const file of ['junit.xml', 'report.html', 'summary.md']) expect(existsSync(join(run.out, file))).toBe(true);
        expect(linesOf(run.transcript).at(-1)).toContain('"kind":"footer"');
        expect((await muster(['report', 'verify', run.out])).stdout).toMatch(/^verified/);
      });
    },
    LONG,
  );

  test(
    'ends a run in cells, and a second one needs no patience',
    async () => {
      const run = start('twice');
      await ranCases(run, 1);
      run.child.kill('SIGINT');
      run.child.stderr?.on('data', () => run.child.kill('SIGINT'));
      expect(await run.ended).toBe(INTERRUPTED);
    },
    LONG,
  );
});

describe('a kill', () => {
  test(
    'leaves the evidence of the cases that ended, without footer, and no report: undetermined',
    async () => {
      const earlier = ['report.json', 'junit.xml', 'report.html'];
      mkdirSync(join(folder, 'killed'));
      for (const name of earlier) writeFileSync(join(folder, 'killed', name), 'of a run before this one');
      const run = start('killed', '--jobs', '2');
      await ranCases(run, 3);
      run.child.kill('SIGKILL');
      await run.ended;
      for (const name of earlier) expect(existsSync(join(run.out, name))).toBe(false);

      const kept = linesOf(run.transcript);
      expect(JSON.parse(kept[0] ?? '')).toMatchObject({ kind: 'header', direction: 'platform', seed: '1' });
      expect(kept.join('\n')).not.toContain('"kind":"footer"');
      const verified = await muster(['report', 'verify', run.out]);
      expect(verified.stdout).toMatch(/^undetermined {2}.*transcript\.jsonl: .*no footer/);
      expect(verified.code).toBe(UNDETERMINED);

      // What is there is what a run that ends would have written.
      const [first = ''] = casesIn(run.transcript);
      const whole = start('whole', '--case', first);
      expect(await whole.ended).toBe(0);
      const about = (line: string): boolean => (JSON.parse(line) as Line).case === first;
      expect(kept.filter(about)).toEqual(linesOf(whole.transcript).filter(about));
    },
    LONG,
  );
});
