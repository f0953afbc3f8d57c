// `muster verify` and `muster fleet` at a stub in another process, over real sockets.
import { describe, expect, test } from 'vitest';
import { PLATFORM_MUTANTS } from '../../scenarios/mutants/all.ts';
import { muster, withStub } from './command.ts';

interface Report {
  readonly profiles: readonly string[];
  readonly profilesNotJudged: readonly string[];
  readonly cases: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly checks: readonly Check[];
  }[];
}

interface Check {
  readonly rule: string;
  readonly verdict: string;
  readonly because: string;
}

/** Says a check that this machine stood still for too long to tell (scenarios/engine/stalls.ts)? */
const tooBusy = ({ verdict, because }: Check): boolean => verdict === 'inconclusive' && because.includes('this machine stood still');

const reportOf = (text: string): Report => JSON.parse(text) as Report;

/** Of the whole suite over sockets: not a target, but how long a machine with much else to do may take. */
const LONG = 300_000;

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
        const fleet = () => muster(['fleet', '--devices', '200', '--rate', '40', '--target', ready.target, '--json', '-']);
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
          // Two handshakes a device: what a machine of two cores has left of them while other tests run.
          const { code, stdout } = await muster(['fleet', '--devices', String(devices), '--rate', '80', ...target, '--json', '-'], secret);
          expect([code, JSON.parse(stdout)]).toMatchObject([0, { devices, activated: devices, platform: { activated: devices } }]);
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
        const verify = (...more: string[]) => muster(['verify', 'platform', '--target', ready.target, ...more, '--json', '-']);
        const { code, stdout } = await verify('--jobs', '8');
        const report = reportOf(stdout);
        expect(report).toMatchObject({ profiles: ['prereg', 'nwl', 'operator', 'https'], profilesNotJudged: [] });
        const open = report.cases.filter(
          (one) => one.verdict === 'inconclusive' && one.checks.every((check) => check.verdict === 'pass' || tooBusy(check)),
        );
        // As a text, of which a runner's first line shows more than of objects.
        expect(JSON.stringify(report.cases.filter((one) => one.verdict !== 'pass' && !open.includes(one)))).toBe('[]');
        expect(code).toBe(open.length === 0 ? 0 : 2);
        // What this machine had no time to judge beside everything else is asked again, alone.
        for (const { id } of open) {
          const again = await verify('--case', id);
          expect([id, again.code, again.code === 0 ? '' : again.stdout]).toEqual([id, 0, '']);
        }
      });
    },
    LONG,
  );
});
