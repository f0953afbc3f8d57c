// Every option, seen from outside: a probe drives the platform and tells what a device or an operator could see under each value.
// Options that only the MQTT front reads are in front/mqtt-options.test.ts.
import { describe, expect, it } from 'vitest';
import { registrationContent } from '../../protocol/content.ts';
import { sign } from '../../protocol/sign.ts';
import { Bench, brief, DN, ENCRYPTED, PK, PLAIN, PS, signIn, type Bent, type Credentials } from '../bench.testkit.ts';
import { optionsOf, OPTION_NAMES, OPTIONS, type OptionName } from './options.ts';

interface Probe {
  readonly look: (bench: Bench) => unknown;
  /** What is seen, by value. */
  readonly sees: Readonly<Record<string, unknown>>;
  /** Further options that the probe needs. */
  readonly given?: Readonly<Record<string, string>>;
}

const DAY_MS = 86_400_000;
/** Options that no CONNECT and no operator's request can tell. */
const IN_THE_FRONT: readonly OptionName[] = ['registrationSubscribe', 'onForeignPublish', 'kickNotice', 'onQos2'];

const bent = (facts: Partial<Bent['request']>): Bent => ({ request: facts ?? {} });
const changed =
  (replace: (identifier: string) => string, mode: 'register' | 'regnwl' = 'regnwl') =>
  (bench: Bench) => {
    const request = signIn(bench.issue(mode));
    return brief(bench.connect({ ...request, identifier: replace(request.identifier) }));
  };
const registersAs = (replace: (identifier: string) => string) => (bench: Bench) => {
  bench.add(DN);
  const identifier = replace(`${DN}.${PK}|random=1,authType=register,securemode=2,signmethod=hmacsha256|`);
  return brief(bench.register('register', DN, { random: '1', request: { identifier } }));
};
const pairs = (bench: Bench, count: number): Credentials[] => Array.from({ length: count }, () => bench.issue('regnwl'));
const idOf = (credentials: Credentials | undefined): string => (credentials && 'clientId' in credentials ? credentials.clientId : '');
const switchTo = (bench: Bench, clientId: string) =>
  bench.operate({ action: 'TransformClientId', productKey: PK, deviceName: DN, clientId });
const activated = (bench: Bench, mode: 'register' | 'regnwl' = 'register'): Credentials => {
  if (mode === 'register') bench.add(DN);
  const credentials = bench.issue(mode);
  bench.signIn(credentials);
  return credentials;
};

const PROBES: Readonly<Partial<Record<OptionName, Probe>>> = {
  parsing: {
    look: changed((identifier) => identifier.replace(',authType=connwl', '')),
    sees: { lenient: 'online', strict: '2 malformed' },
  },
  otherInstance: {
    look: registersAs((identifier) => identifier.replace(/\|$/, ',instanceId=iot-other|')),
    sees: { refused: '4 other-instance', ignored: 'registered' },
  },
  plainConnections: {
    look: (bench) => brief(bench.signIn(bench.add(DN).issue(), DN, bent({ facts: PLAIN }))),
    sees: { permitted: 'online', refused: '2 transport' },
  },
  wsRegistration: {
    look: (bench) => brief(bench.add(DN).register('register', DN, bent({ facts: { ...PLAIN, kind: 'ws' } }))),
    sees: { refused: '2 transport', accepted: 'registered' },
  },
  plainHttp: {
    look: (bench) => {
      const request = {
        mode: 'register',
        facts: { ...PLAIN, kind: 'tcp' },
        productKey: PK,
        deviceName: DN,
        random: '1',
        keepAlive: 0,
      } as const;
      const signature = sign('hmacsha1', PS, registrationContent({ deviceName: DN, productKey: PK, random: '1' }));
      const outcome = bench.add(DN).platform.register({ ...request, signMethod: 'hmacsha1', signature, via: 'https' });
      return outcome.kind === 'refused' ? outcome.why : outcome.kind;
    },
    sees: { refused: 'transport', accepted: 'issued' },
  },
  closeCountsFrom: {
    look: (bench) => {
      bench.add(DN).register();
      bench.clock.advance(4000);
      bench.platform.replied(bench.session);
      bench.clock.advance(15_000);
      return bench.closed.map((one) => one.atMs);
    },
    sees: { reply: [19_000], connack: [15_000] },
  },
  registrationPresence: {
    look: (bench) => {
      activated(bench, 'regnwl');
      bench.register('regnwl');
      return [bench.closed.map((one) => one.reason), bench.status()];
    },
    sees: { separate: [[], 'ONLINE'], 'kicks-the-device': [['kicked'], 'OFFLINE'] },
  },
  unknownAuthType: {
    look: registersAs((identifier) => identifier.replace('=register', '=renew')),
    sees: { 2: '2 auth-type', 4: '4 auth-type' },
  },
  unsupportedSignMethod: {
    look: registersAs((identifier) => identifier.replace('sha256', 'sha512')),
    sees: { 2: '2 sign-method', 4: '4 sign-method' },
  },
  refusalCode: {
    look: (bench) => [brief(bench.register()), brief(bench.register('register', DN, { ps: 'another' }))],
    sees: { 4: ['4 not-added', '4 signature'], 5: ['5 not-added', '4 signature'], 3: ['3 not-added', '4 signature'] },
  },
  issuedWhileOff: {
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      bench.switch(false);
      return brief(bench.signIn(credentials));
    },
    sees: { connects: 'online', refused: '4 switch-off' },
  },
  deviceSecretPolicy: {
    look: (bench) => {
      const first = bench.add(DN).issue();
      const second = bench.issue();
      return [brief(bench.signIn(first)), brief(bench.signIn(second))];
    },
    sees: { stable: ['online', 'online'], rotate: ['4 credentials', 'online'] },
  },
  disabledRegisters: {
    look: (bench) => {
      bench.add(DN).on('DisableThing');
      return [brief(bench.register()), brief(bench.signIn({ deviceSecret: 'any' }))];
    },
    sees: { refused: ['4 disabled', '4 credentials'], accepted: ['registered', '4 credentials'] },
  },
  secretAfterReset: {
    look: (bench) => {
      const first = activated(bench);
      bench.on('ResetThing');
      return JSON.stringify(bench.issue()) === JSON.stringify(first);
    },
    sees: { 'by-policy': true, new: false },
  },
  sessionAtReset: {
    look: (bench) => {
      activated(bench);
      bench.on('ResetThing');
      return bench.closed.map((one) => one.reason);
    },
    sees: { kept: [], closed: ['reset'] },
  },
  registeredAgain: {
    look: (bench) => {
      activated(bench);
      bench.on('ResetThing');
      return [brief(bench.register()), brief(bench.register())];
    },
    sees: { 'at-connect': ['registered', 'registered'], 'at-registration': ['registered', '4 activated'] },
  },
  resetInactive: { look: (bench) => bench.add(DN).on('ResetThing').ok, sees: { accepted: true, refused: false } },
  resetTokenDevice: {
    look: (bench) => {
      activated(bench, 'regnwl');
      return [bench.on('ResetThing').ok, bench.clientIds().length];
    },
    sees: { accepted: [true, 1], refused: [false, 1] },
  },
  deleteOnline: {
    look: (bench) => {
      activated(bench);
      return [bench.on('DeleteDevice').ok, bench.closed.map((one) => one.reason), bench.status()];
    },
    sees: { closes: [true, ['deleted'], undefined], refused: [false, [], 'ONLINE'] },
  },
  countAfterDelete: {
    look: (bench) => {
      pairs(bench, 4);
      bench.on('DeleteDevice');
      return [1, 2].map(() => brief(bench.register('regnwl')));
    },
    sees: { restarts: ['registered', 'registered'], continues: ['registered', '4 cap'] },
  },
  enabledStatus: {
    look: (bench) => {
      bench.add(DN).on('DisableThing');
      bench.on('EnableThing');
      return bench.status();
    },
    sees: { 'as-before': 'UNACTIVE', offline: 'OFFLINE' },
  },
  countLimit: {
    look: (bench) => {
      const issued: Credentials[] = [];
      for (let unit = 0; unit < 6; unit++) {
        const decision = bench.register('regnwl');
        if (decision.kind !== 'registered') return [brief(decision), issued.length];
        issued.push(JSON.parse(decision.payload) as Credentials);
      }
      return issued.map((one) => brief(bench.signIn(one)));
    },
    sees: { issued: ['4 cap', 5], activated: [...Array<string>(5).fill('online'), '4 cap'] },
  },
  clientIdTime: {
    look: (bench) => {
      const issued = bench.issue('regnwl');
      const at = bench.clock.now();
      bench.clock.advance(5000);
      bench.signIn(issued);
      const result = bench.operate({ action: 'QueryClientIds', productKey: PK, deviceName: DN });
      return result.ok && result.kind === 'client-ids' && result.clientIds.map((one) => one.createdAt - at);
    },
    sees: { registered: [0], 'first-connected': [5000] },
  },
  sessionsAtSwitch: {
    look: (bench) => {
      activated(bench, 'regnwl');
      bench.on('DeleteClientIds');
      return [bench.closed.map((one) => one.reason), bench.status()];
    },
    sees: { closed: [['cleared'], 'OFFLINE'], kept: [[], 'ONLINE'] },
  },
  listAfterSwitch: {
    look: (bench) => {
      const [one, other] = pairs(bench, 2) as [Credentials, Credentials];
      switchTo(bench, idOf(one));
      const listed = bench.clientIds().length;
      const refused = brief(bench.signIn(other));
      return [listed, refused, switchTo(bench, idOf(other)).ok, brief(bench.signIn(other)), brief(bench.signIn(one))];
    },
    sees: {
      dropped: [1, '4 credentials', false, '4 credentials', 'online'],
      kept: [2, '4 credentials', true, 'online', '4 credentials'],
    },
  },
  pinAfterSwitch: {
    look: (bench) => {
      const [one] = pairs(bench, 2);
      switchTo(bench, idOf(one));
      const pinned = brief(bench.register('regnwl'));
      bench.on('DeleteClientIds');
      return [pinned, brief(bench.register('regnwl'))];
    },
    sees: { off: ['registered', 'registered'], on: ['4 pinned', 'registered'] },
  },
  switchToUnknown: {
    look: (bench) => {
      const [one] = pairs(bench, 2);
      return [switchTo(bench, 'nobody').ok, bench.clientIds().length, brief(bench.signIn(one as Credentials))];
    },
    sees: { refused: [false, 2, 'online'], ignored: [true, 2, 'online'] },
  },
  sessionKey: {
    look: (bench) => {
      for (const one of pairs(bench, 2)) bench.signIn(one);
      return bench.closed.map((one) => one.reason);
    },
    sees: { device: ['kicked'], clientId: [] },
  },
  tokenActivation: {
    look: (bench) => {
      bench.issue('regnwl');
      return bench.status();
    },
    sees: { 'at-connect': 'UNACTIVE', 'at-registration': 'OFFLINE' },
  },
  registerOnTokenDevice: {
    look: (bench) => {
      const issued = bench.issue('regnwl');
      const first = brief(bench.register());
      bench.signIn(issued);
      return [first, brief(bench.register())];
    },
    sees: { refused: ['4 activated', '4 activated'], accepted: ['registered', 'registered'] },
  },
  regnwlOnAddedDevice: {
    look: (bench) => {
      const inactive = brief(bench.add('idle').register('regnwl', 'idle'));
      activated(bench);
      return [inactive, brief(bench.register('regnwl'))];
    },
    sees: {
      'while-inactive': ['registered', '4 activated'],
      refused: ['4 activated', '4 activated'],
      accepted: ['registered', 'registered'],
    },
  },
  tokenLifetime: {
    look: (bench) => {
      const issued = bench.issue('regnwl');
      bench.clock.advance(90 * DAY_MS - 1);
      const before = brief(bench.signIn(issued));
      bench.clock.advance(1);
      return [before, brief(bench.signIn(issued))];
    },
    sees: { unlimited: ['online', 'online'], '90-days': ['online', '4 credentials'] },
  },
  onKeepaliveAbove1200: {
    look: (bench) => brief(bench.signIn(bench.add(DN).issue(), DN, { keepAlive: 1201 })),
    sees: { clamp: 'online', refuse: '2 keep-alive' },
  },
  regnwlReplyTopic: {
    look: (bench) => ({ topic: undefined, ...bench.register('regnwl') }).topic,
    sees: { '/ext/regnwl': '/ext/regnwl', '/ext/register': '/ext/register' },
  },
  instanceKind: {
    given: { regnwlOffered: 'enterprise' },
    look: (bench) => brief(bench.register('regnwl')),
    sees: { enterprise: 'registered', public: '4 not-offered' },
  },
  regnwlOffered: {
    given: { instanceKind: 'public' },
    look: (bench) => brief(bench.register('regnwl')),
    sees: { any: 'registered', enterprise: '4 not-offered' },
  },
  limits: {
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      const wrong = Array.from({ length: 9 }, () => brief(bench.signIn({ deviceSecret: 'wrong' })));
      const right = Array.from({ length: 5 }, () => brief(bench.signIn(credentials)));
      bench.clock.advance(60_000);
      return [new Set(wrong).size, right.at(-2), right.at(-1), brief(bench.signIn(credentials))];
    },
    sees: { off: [1, 'online', 'online', 'online'], vendor: [1, 'online', '3 throttled', 'online'] },
  },
  throttleCode: {
    given: { limits: 'vendor' },
    look: (bench) => {
      const credentials = bench.add(DN).issue();
      return Array.from({ length: 5 }, () => brief(bench.signIn(credentials))).at(-1);
    },
    sees: { 3: '3 throttled', 4: '4 throttled', 5: '5 throttled' },
  },
};

describe('options', () => {
  it('has a probe for each', () => {
    expect(OPTION_NAMES.filter((name) => !(name in PROBES)).sort()).toEqual([...IN_THE_FRONT].sort());
  });

  const rows = Object.entries(PROBES).flatMap(([name, probe]) => Object.keys(probe.sees).map((value) => ({ name, value, probe })));
  it.each(rows)('$name: $value', ({ name, value, probe }) => {
    const bench = new Bench({ options: { ...probe.given, [name]: value }, instanceId: 'iot-bench' });
    expect(probe.look(bench)).toEqual(probe.sees[value]);
  });

  it.each(Object.entries(PROBES))(
    '%s: has a row for each of its values, the default first, and they can be told apart',
    (name, { sees }) => {
      const { values } = OPTIONS[name as OptionName];
      expect(Object.keys(sees).sort()).toEqual([...values].sort());
      expect(new Set(Object.values(sees).map((one) => JSON.stringify(one))).size).toBe(values.length);
    },
  );

  it('follows the edition where it says nothing else', () => {
    expect(optionsOf('doc2020')).toEqual(Object.fromEntries(OPTION_NAMES.map((name) => [name, OPTIONS[name].values[0]])));
    expect(optionsOf('doc2023')).toMatchObject({ deviceSecretPolicy: 'rotate', regnwlOffered: 'enterprise', limits: 'off' });
    expect(optionsOf('doc2023', { deviceSecretPolicy: 'stable' }).deviceSecretPolicy).toBe('stable');
    const bench = new Bench({ edition: 'doc2023', options: { instanceKind: 'public' } });
    expect(brief(bench.connect({ ...signIn({ deviceSecret: 'x' }), facts: ENCRYPTED }))).toBe('4 credentials');
    expect(brief(bench.register('regnwl'))).toBe('4 not-offered');
  });
});
