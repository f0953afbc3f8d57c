// Every entry of POLICY, seen from outside: a probe drives the platform and tells what a device or an operator could see.
// With the entry of OFF in its place the probe must see something else, else the generated mutant `off:RULE-nn` could never die.
import { describe, expect, it } from 'vitest';
import { Bench, brief, DN, PK, PLAIN } from '../bench.testkit.ts';
import { OFF, POLICY, POLICY_RULES, withEntry, type PolicyRule } from './policy.ts';

interface Probe {
  readonly sees: unknown;
  readonly look: (bench: Bench) => unknown;
}

const PROBES: Readonly<Record<PolicyRule, Probe>> = {
  'RULE-01': {
    sees: ['4 signature', '4 signature'],
    look: (bench) =>
      (['register', 'regnwl'] as const).map((mode) => brief(bench.add(DN).register(mode, DN, { ps: 'another product secret' }))),
  },
  'RULE-02': {
    sees: ['2 transport', '2 transport', 'registered'],
    look: (bench) => [
      ...(['register', 'regnwl'] as const).map((mode) => brief(bench.add(DN).register(mode, DN, { request: { facts: PLAIN } }))),
      brief(bench.register()),
    ],
  },
  'RULE-03': {
    sees: ['registered', 'registered', 'registered'],
    look: (bench) => [0, 10, 5000].map((keepAlive) => brief(bench.add(DN).register('register', DN, { keepAlive }))),
  },
  'RULE-04': {
    sees: ['registered', 'online'],
    look: (bench) => [
      brief(bench.add(DN).register('register', DN, { upperCase: true })),
      brief(bench.signIn(bench.issue(), DN, { upperCase: true })),
    ],
  },
  'RULE-05': { sees: 'unsolicited', look: (bench) => ({ delivery: undefined, ...bench.add(DN).register() }).delivery },
  'RULE-06': {
    sees: [[], [{ session: 1, reason: 'registration-over', atMs: 20_000 }]],
    look: (bench) => {
      bench.add(DN).register();
      bench.clock.advance(5_000);
      bench.platform.replied(bench.session);
      bench.clock.advance(14_999);
      const before = [...bench.closed];
      bench.clock.advance(1);
      return [before, bench.closed];
    },
  },
  'RULE-08': {
    sees: ['registered', 'registered'],
    look: (bench) => ['same', 'same'].map((random) => brief(bench.add(DN).register('register', DN, { random }))),
  },
  'RULE-09': {
    sees: ['2 malformed', '2 malformed', '2 malformed'],
    look: (bench) =>
      ['x|authType=register,signmethod=hmacsha1|', 'x|authType=register,random=1|', 'x|authType=register,random=1,signmethod=hmacsha1'].map(
        (identifier) => brief(bench.add(DN).register('register', DN, { request: { identifier } })),
      ),
  },
  'RULE-11': {
    sees: ['4 switch-off', '4 switch-off'],
    look: (bench) => {
      bench.add(DN).switch(false);
      return (['register', 'regnwl'] as const).map((mode) => brief(bench.register(mode)));
    },
  },
  'RULE-12': {
    sees: [[], 'ONLINE', 'online'],
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      bench.signIn(credentials);
      bench.switch(false);
      const before = [[...bench.closed], bench.status()];
      bench.hangUp();
      return [...before, brief(bench.signIn(credentials))];
    },
  },
  'RULE-16': { sees: ['4 not-added', undefined], look: (bench) => [brief(bench.register()), bench.status()] },
  'RULE-17': { sees: ['UNACTIVE', null], look: (bench) => [bench.add(DN).status(), bench.detail()?.activatedAt] },
  'RULE-18': { sees: 'online', look: (bench) => brief(bench.signIn(bench.add(DN).issue())) },
  'RULE-19': {
    sees: ['registered', 'registered', 'registered'],
    look: (bench) => [1, 2, 3].map(() => brief(bench.add(DN).register())),
  },
  'RULE-20': {
    sees: ['UNACTIVE', 'UNACTIVE'],
    look: (bench) => {
      bench.add(DN).issue();
      bench.issue('regnwl', 'nwl-device');
      return [bench.status(), bench.status('nwl-device')];
    },
  },
  'RULE-21': {
    sees: '4 activated',
    look: (bench) => {
      bench.signIn(bench.add(DN).issue());
      return brief(bench.register());
    },
  },
  'RULE-22': {
    sees: ['4 activated', '4 activated'],
    look: (bench) => {
      bench.signIn(bench.add(DN).issue());
      const whileOnline = brief(bench.register());
      bench.hangUp(2);
      return [whileOnline, brief(bench.register())];
    },
  },
  'RULE-23': {
    sees: ['online', 'ONLINE'],
    look: (bench) => {
      bench.operate({ action: 'AddDevice', productKey: PK, deviceName: DN, deviceSecret: 'copied-from-the-console' });
      return [brief(bench.signIn({ deviceSecret: 'copied-from-the-console' })), bench.status()];
    },
  },
  'RULE-25': {
    sees: 'registered',
    look: (bench) => {
      bench.signIn(bench.add(DN).issue());
      bench.on('ResetThing');
      return brief(bench.register());
    },
  },
  'RULE-26': {
    sees: ['OFFLINE', true],
    look: (bench) => {
      bench.signIn(bench.add(DN).issue());
      bench.hangUp();
      const activatedAt = bench.detail()?.activatedAt;
      bench.on('ResetThing');
      return [bench.status(), bench.detail()?.activatedAt === activatedAt];
    },
  },
  'RULE-32': {
    sees: '4 credentials',
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      bench.on('DeleteDevice');
      return brief(bench.signIn(credentials));
    },
  },
  'RULE-33': {
    sees: [false, '4 credentials', 'online'],
    look: (bench) => {
      const first = bench.add(DN).issue();
      bench.on('DeleteDevice');
      const second = bench.add(DN).issue();
      return [JSON.stringify(first) === JSON.stringify(second), brief(bench.signIn(first)), brief(bench.signIn(second))];
    },
  },
  'RULE-36': {
    sees: [['disabled'], 'DISABLE', '4 disabled', '4 disabled', 'online'],
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      bench.signIn(credentials);
      bench.on('DisableThing');
      const seen = [bench.closed.map((one) => one.reason), bench.status(), brief(bench.signIn(credentials)), brief(bench.register())];
      bench.on('EnableThing');
      return [...seen, brief(bench.signIn(credentials))];
    },
  },
  'RULE-37': { sees: ['registered', 'UNACTIVE'], look: (bench) => [brief(bench.register('regnwl')), bench.status()] },
  'RULE-38': {
    sees: [2, 2, 2],
    look: (bench) => {
      const issued = [bench.issue('regnwl'), bench.issue('regnwl')];
      return [
        new Set(issued.map((one) => 'clientId' in one && one.clientId)).size,
        new Set(issued.map((one) => 'deviceToken' in one && one.deviceToken)).size,
        bench.clientIds().length,
      ];
    },
  },
  'RULE-39': {
    sees: [...Array<string>(5).fill('registered'), '4 cap', '4 cap'],
    look: (bench) => Array.from({ length: 7 }, () => brief(bench.register('regnwl'))),
  },
  'RULE-40': {
    sees: [true, ...Array<string>(5).fill('online')],
    look: (bench) => {
      const issued = Array.from({ length: 5 }, () => bench.issue('regnwl'));
      const before = bench.clientIds();
      bench.register('regnwl');
      return [before.join() === bench.clientIds().join(), ...issued.map((one) => brief(bench.signIn(one)))];
    },
  },
  'RULE-45': {
    sees: ['online', '4 credentials', '4 credentials', 1],
    look: (bench) => {
      const issued = [bench.issue('regnwl'), bench.issue('regnwl'), bench.issue('regnwl')] as const;
      const kept = issued[1] as { clientId: string };
      bench.operate({ action: 'TransformClientId', productKey: PK, deviceName: DN, clientId: kept.clientId });
      return [...[issued[1], issued[0], issued[2]].map((one) => brief(bench.signIn(one))), bench.clientIds().length];
    },
  },
  'RULE-46': {
    sees: ['4 credentials', 0, 'registered'],
    look: (bench) => {
      const issued = bench.issue('regnwl');
      bench.on('DeleteClientIds');
      return [brief(bench.signIn(issued)), bench.clientIds().length, brief(bench.register('regnwl'))];
    },
  },
  'RULE-55': {
    sees: ['4 credentials', '4 credentials', 'online'],
    look: (bench) => {
      const [one, other] = [bench.issue('regnwl'), bench.issue('regnwl')] as { clientId: string; deviceToken: string }[];
      if (!one || !other) throw new Error('not issued');
      return [
        brief(bench.signIn({ clientId: one.clientId, deviceToken: other.deviceToken })),
        brief(bench.signIn({ clientId: other.clientId, deviceToken: one.deviceToken })),
        brief(bench.signIn(one)),
      ];
    },
  },
  'RULE-56': {
    sees: ['UNACTIVE', 'ONLINE', 'OFFLINE', 'ONLINE', true],
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      const seen: unknown[] = [bench.status()];
      bench.signIn(credentials);
      const activatedAt = bench.detail()?.activatedAt;
      seen.push(bench.status());
      bench.hangUp();
      seen.push(bench.status());
      bench.clock.advance(1000);
      bench.signIn(credentials);
      return [...seen, bench.status(), activatedAt === bench.detail()?.activatedAt];
    },
  },
  'RULE-57': {
    sees: [[{ session: 2, reason: 'kicked', atMs: 0 }], 'ONLINE'],
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      bench.signIn(credentials);
      bench.signIn(credentials);
      return [bench.closed, bench.status()];
    },
  },
  'RULE-58': {
    sees: ['2 keep-alive', '2 keep-alive', 'online', 'online', 'online'],
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      return [0, 29, 30, 1200, 1201].map((keepAlive) => brief(bench.signIn(credentials, DN, { keepAlive })));
    },
  },
  // What crosses is the front's business (front/mqtt.test.ts); here only the answer it asks for.
  'RULE-59': { sees: [true, false], look: (bench) => [bench.platform.policy['RULE-59'](true), bench.platform.policy['RULE-59'](false)] },
};

describe.each(POLICY_RULES)('%s', (rule) => {
  const probe = PROBES[rule];

  it('is enforced', () => {
    expect(probe.look(new Bench({ policy: POLICY }))).toEqual(probe.sees);
  });

  it('is not, with the entry of OFF', () => {
    expect(probe.look(new Bench({ policy: withEntry(rule, OFF[rule] as never) }))).not.toEqual(probe.sees);
  });
});

it('every rule has an entry in OFF, and no entry is the same function', () => {
  expect(Object.keys(OFF).sort()).toEqual([...POLICY_RULES].sort());
  for (const rule of POLICY_RULES) expect(OFF[rule], rule).not.toBe(POLICY[rule]);
});
