// `muster verify` and `muster fleet` as CI and scripts use them: whole processes, real threads, real sockets.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PLATFORM_MUTANTS } from '../../scenarios/mutants/all.ts';
import { muster, withStub } from './command.ts';

interface Report {
  readonly result: { readonly conformance: string; readonly partial: boolean };
  readonly rules: readonly { readonly id: string; readonly verdict: string }[];
  readonly notCovered: readonly { readonly id: string }[];
  readonly cases: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly checks: readonly { readonly rule: string; readonly verdict: string }[];
  }[];
}

const LONG = 120_000;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const reportOf = (text: string): Report => JSON.parse(text) as Report;
const verdicts = (report: Report): string[] => report.cases.map((one) => `${one.id} ${one.verdict}`);

describe('verify platform', () => {
  test(
    'is conformant, names what is not covered, and repeats itself to the byte; a slower loop, another seed and the other session change no verdict',
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
      const two = await run('two');
      const slow = await run('slow', '--delay-turns', '20');
      // The cases over sockets too, with the session for load: the others are compared packet by packet (scenarios/engine/sessions.test.ts).
      const other = await run('other', '--seed', '2', '--session', 'lean');
      expect(one.report.result).toMatchObject({ conformance: 'conformant', partial: false });
      expect(one.report.cases.every((each) => each.verdict === 'pass')).toBe(true);
      // Every rule of these profiles is judged by some case; a result says so, or names what is left out.
      expect(one.report.notCovered).toEqual([]);
      expect(one.stdout).toMatch(/Not covered by this version:\n {2}no rule of the claimed profiles is left out/);
      expect(two.transcript).toBe(one.transcript);
      expect(verdicts(two.report)).toEqual(verdicts(one.report));
      expect(slow.transcript).toBe(one.transcript);
      expect(other.transcript).not.toBe(one.transcript);
      expect(verdicts(other.report)).toEqual(verdicts(one.report));
    },
    LONG,
  );

  test.each(['no-cap', 'off:RULE-12', 'off:RULE-02', 'replies-published'])(
    'finds the mutant %s',
    async (mutant) => {
      const { code, stdout } = await muster(['verify', 'platform', '--mutant', mutant, '--json', '-']);
      expect(code).toBe(1);
      expect(reportOf(stdout).result.conformance).toBe('not-conformant');
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

/** For many a case a mutant of one of its rules; `muster mutants --over-tls` does it for all. The judging process is never told which. */
const KILLERS: Readonly<Record<string, string>> = {
  'platform/auth/credential-confusion': 'off:RULE-01',
  'platform/auth/identifier-ambiguity': 'off:RULE-01',
  'platform/auth/order-of-checks': 'off:RULE-01',
  'platform/nwl/forged-reply': 'replies-published',
  'platform/nwl/token-across-clear': 'token-by-shape',
  'platform/registration/orphaned-reply': 'orphans-lock-the-name',
  'platform/registration/refusal-classes': 'refusal-rotates-secret',
  'platform/session/queue-follows-identity': 'off:RULE-57',
  'platform/session/second-connect': 'off:RULE-20',
  'platform/switch/toggled': 'off:RULE-11',
  'platform/nwl/five-units': 'cap-4',
  'platform/nwl/foreign-token': 'off:RULE-55',
  'platform/nwl/reply-isolation': 'replies-published',
  'platform/nwl/sixth-unit': 'no-cap',
  'platform/operator/delete-and-add': 'off:RULE-33',
  'platform/operator/disable-and-enable': 'off:RULE-36',
  'platform/operator/switch-and-clear': 'off:RULE-45',
  'platform/registration/after-activation': 'off:RULE-21',
  'platform/registration/bad-credentials': 'off:RULE-09',
  'platform/registration/close-after-reply': 'closes-at-once',
  'platform/registration/not-added': 'off:RULE-16',
  'platform/registration/refusal-no-side-effect': 'off:RULE-01',
  'platform/registration/register-connect': 'off:RULE-04',
  'platform/session/one-connection': 'off:RULE-57',
  'platform/switch/registration-off': 'off:RULE-12',
  'platform/transport/plain-tcp': 'off:RULE-02',
};

describe('a stub in another process', () => {
  test.each(Object.entries(KILLERS))(
    '%s fails against a stub that is %s',
    async (id, mutant) => {
      await withStub(['--mutant', mutant], async (ready) => {
        const { code, stdout } = await muster(['verify', 'platform', '--target', ready.target, '--case', id, '--json', '-']);
        const rule = PLATFORM_MUTANTS.find((one) => one.id === mutant)?.rule;
        expect(code).toBe(1);
        const failed = reportOf(stdout).cases.flatMap((one) => one.checks.filter((check) => check.verdict === 'fail'));
        expect(failed.map((check) => check.rule)).toContain(rule);
      });
    },
    LONG,
  );

  test(
    'counts for each of two fleets at once, on one product, its own devices',
    async () => {
      await withStub([], async (ready) => {
        const fleet = () => muster(['fleet', '--devices', '200', '--target', ready.target, '--json', '-']);
        const both = await Promise.all([fleet(), fleet()]);
        for (const { code, stdout } of both) {
          expect([code, JSON.parse(stdout)]).toMatchObject([0, { activated: 200, platform: { activated: 200 } }]);
        }
      });
    },
    LONG,
  );

  test(
    'that is right is conformant, and serves one fleet after another',
    async () => {
      await withStub([], async (ready) => {
        const secret = { MUSTER_PRODUCT_SECRET: 'ps0123456789abcd' };
        const target = ['--target', `mqtts://127.0.0.1:${ready.mqtts}`, '--product-key', 'a1Muster0001', '--ca', ready.ca];
        for (const devices of [2000, 300]) {
          const { code, stdout } = await muster(['fleet', '--devices', String(devices), ...target, '--json', '-'], secret);
          expect(code).toBe(0);
          expect(JSON.parse(stdout)).toMatchObject({ devices, activated: devices, platform: { activated: devices } });
        }
        const wss = await muster(
          [
            'fleet',
            '--devices',
            '50',
            '--target',
            `wss://127.0.0.1:${ready.wss}/mqtt`,
            '--product-key',
            'a1Muster0001',
            '--ca',
            ready.ca,
            '--json',
            '-',
          ],
          secret,
        );
        expect([wss.code, JSON.parse(wss.stdout)]).toMatchObject([0, { activated: 50 }]);
        const { code, stdout } = await muster(['verify', 'platform', '--target', ready.target, '--jobs', '8', '--json', '-']);
        const wrong = reportOf(stdout).cases.filter((one) => one.verdict !== 'pass');
        expect(wrong.map((one) => [one.id, one.verdict, one.checks.filter((check) => check.verdict !== 'pass')])).toEqual([]);
        expect(reportOf(stdout)).toMatchObject({ profiles: ['prereg', 'nwl', 'operator', 'https'], profilesNotJudged: [] });
        expect(code).toBe(0);
      });
    },
    2.5 * LONG,
  );
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
