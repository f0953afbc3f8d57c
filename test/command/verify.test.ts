// `muster verify` and `muster fleet` on the embedded platform, as CI and scripts use them: whole processes and real threads.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { muster } from './command.ts';

interface Report {
  readonly result: { readonly conformance: string; readonly partial: boolean };
  readonly rules: readonly { readonly id: string; readonly verdict: string }[];
  readonly notCovered: readonly { readonly id: string }[];
  readonly cases: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly clock: string;
    readonly steps: readonly { readonly ms: number; readonly outcome: { readonly afterMs?: number } | null }[];
    readonly checks: readonly { readonly rule: string; readonly verdict: string }[];
  }[];
}

/** Of several runs of the whole suite: not a target, but how long a machine with much else to do may take. */
const LONG = 300_000;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const reportOf = (text: string): Report => JSON.parse(text) as Report;
const verdicts = (report: Report): string[] => report.cases.map((one) => `${one.id} ${one.verdict}`);

/** A report without the figures of cases that ran on the wall clock. */
function untimed({ cases, ...rest }: Report): unknown {
  const timeless = cases.map((one) =>
    one.clock === 'wall'
      ? { ...one, steps: one.steps.map((step) => ({ ...step, ms: 0, outcome: step.outcome && { ...step.outcome, afterMs: 0 } })) }
      : one,
  );
  return { ...rest, cases: timeless };
}

describe('verify platform', () => {
  test(
    'is conformant, names what is not covered, and repeats itself to the byte in a slower loop; another seed and the other session change no verdict',
    async () => {
      const run = async (name: string, ...more: string[]): Promise<{ report: Report; transcript: string; stdout: string }> => {
        const out = join(folder, name);
        const { code, stdout } = await muster(['verify', 'platform', '--out', out, ...more]);
        expect(code).toBe(0);
        return {
          report: reportOf(readFileSync(join(out, 'report.json'), 'utf8')),
          transcript: readFileSync(join(out, 'transcript.jsonl'), 'utf8'),
          stdout,
        };
      };
      const one = await run('one');
      const slow = await run('slow', '--delay-turns', '20');
      // The cases over sockets too, with the session for load: the others are compared packet by packet (scenarios/engine/sessions.test.ts).
      const other = await run('other', '--seed', '2', '--session', 'lean', '--jobs', '1');
      expect(one.report.result).toMatchObject({ conformance: 'conformant', partial: false });
      expect(one.report.cases.every((each) => each.verdict === 'pass')).toBe(true);
      // Every rule of these profiles is judged by some case; a result says so, or names what is left out.
      expect(one.report.notCovered).toEqual([]);
      expect(one.stdout).toMatch(/Not covered by this version:\n {2}no rule of the claimed profiles is left out/);
      expect(slow.transcript).toBe(one.transcript);
      expect(slow.stdout).toBe(one.stdout);
      expect(untimed(slow.report)).toEqual(untimed(one.report));
      expect(other.transcript).not.toBe(one.transcript);
      expect(verdicts(other.report)).toEqual(verdicts(one.report));
    },
    LONG,
  );

  test.each([
    // A selection decides nothing, but its exit code says that something is wrong.
    ['no-cap', 'RULE-39', 'undetermined', ['--case', 'platform/nwl/*']],
    ['off:RULE-12', 'RULE-12', 'undetermined', ['--case', 'platform/switch/*']],
    ['off:RULE-02', 'RULE-02', 'undetermined', ['--case', 'platform/transport/*']],
    ['replies-published', 'RULE-05', 'not-conformant', []],
  ])(
    'finds the mutant %s by a check of %s: %s',
    async (mutant, rule, conformance, selected) => {
      const { code, stdout } = await muster(['verify', 'platform', '--mutant', mutant, ...selected, '--jobs', '1', '--json', '-']);
      const { result, rules, cases } = reportOf(stdout);
      expect([code, result.conformance]).toEqual([1, conformance]);
      const failed = cases.flatMap((one) => one.checks).filter((check) => check.verdict === 'fail');
      expect(failed.map((check) => check.rule)).toContain(rule);
      expect(rules.find(({ id }) => id === rule)?.verdict).toBe('fail');
    },
    LONG,
  );

  test.each([
    ['doc2020', 'true'],
    ['doc2021', 'false'],
    ['doc2023', 'false'],
  ])(
    'reads what the embedded stub does as a platform of %s',
    async (edition, stable) => {
      const args = ['--edition', edition, '--case', 'platform/prereg/one-certificate', '--json', '-'];
      const { code, stdout } = await muster(['verify', 'platform', ...args]);
      const report = JSON.parse(stdout) as { edition: string; cases: { checks: { id: string; reading: unknown }[] }[] };
      expect([code, report.edition]).toEqual([0, edition]);
      const [reading] = report.cases.flatMap((one) => one.checks).filter((check) => check.id === 'secret-is-the-same');
      expect(JSON.stringify(reading?.reading)).toContain(stable);
    },
    LONG,
  );

  test('speaks of the selection when only some cases run', async () => {
    const { code, stdout } = await muster(['verify', 'platform', '--case', 'platform/nwl/*', '--json', '-']);
    expect(code).toBe(0);
    expect(reportOf(stdout).result).toMatchObject({ conformance: 'undetermined', partial: true });
  });
});

describe('verify firmware', () => {
  test('passes the reference device and finds both wrong ones', async () => {
    expect((await muster(['verify', 'firmware', '--device', 'reference'])).code).toBe(0);
    const { stdout } = await muster(['verify', 'firmware', '--mutant', 'list']);
    const mutants = stdout.trim().split('\n');
    expect(mutants.length).toBeGreaterThan(1);
    for (const mutant of mutants) expect([mutant, (await muster(['verify', 'firmware', '--mutant', mutant])).code]).toEqual([mutant, 1]);
  });
});

describe('fleet on the embedded stub', () => {
  test(
    'activates 2,000 devices, counted by the platform too; one and two workers are the same fleet',
    async () => {
      const file = join(folder, 'fleet.json');
      const run = async (workers: string): Promise<Record<string, unknown>> => {
        const { code, stdout } = await muster(['fleet', '--devices', '2000', '--mode', 'mixed', '--workers', workers, '--json', file]);
        expect(code).toBe(0);
        expect(stdout).toContain('2000 of 2000 devices activated');
        return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
      };
      const one = await run('1');
      const two = await run('2');
      expect(one).toMatchObject({
        devices: 2000,
        activated: 2000,
        refused: 0,
        failed: 0,
        local: 0,
        aborted: 0,
        seed: '1',
        namespace: '0',
        platform: { activated: 2000 },
      });
      for (const key of ['outcomes', 'rate', 'latencyMs', 'serviceMs', 'validity', 'version']) expect(one).toHaveProperty(key);
      expect(two['digest']).toBe(one['digest']);
    },
    LONG,
  );
});
