// What a refused request leaves behind: nothing. And which check speaks first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EDITIONS, type EditionName } from '../../protocol/editions.ts';
import { Bench, brief, credentialsOf, DN, PK, PLAIN, registration, signIn, type Connect, type Credentials } from '../bench.testkit.ts';
import type { OperatorCommand } from './operate.ts';

const NAMES = [DN, 'meter-0002'] as const;
const [name, mode] = [fc.constantFrom(...NAMES), fc.constantFrom('register', 'regnwl')];
const noise = <T extends string>(...kinds: T[]): fc.Arbitrary<'none' | T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant('none' as const) }, { weight: 3, arbitrary: fc.constantFrom(...kinds) });

type Step = (
  bench: Bench,
  issued: readonly { dn: string; credentials: Credentials }[],
) => { request?: Connect; dn?: string; command?: OperatorCommand; hangUp?: true };

/** A registration, with or without a defect. */
const registering: fc.Arbitrary<Step> = fc
  .tuple(
    mode,
    name,
    noise('signature', 'transport', 'random', 'product', 'name', 'method'),
    fc.string({ minLength: 4, maxLength: 4, unit: fc.constantFrom(...'0123456789abcdef') }),
  )
  .map(([how, dn, defect, random]) => () => {
    const request = registration(how, dn, { random, ...(defect === 'signature' ? { ps: 'another product secret' } : {}) });
    const bends: Record<string, Partial<Connect>> = {
      transport: { facts: PLAIN },
      random: { identifier: request.identifier.replace(/random=[^,]*,/, '') },
      product: { username: `${dn}&unknownProduct` },
      name: { username: `#!&${PK}` },
      method: { identifier: request.identifier.replace('hmacsha256', 'hmacsha512') },
    };
    return { request: { ...request, ...bends[defect] }, dn };
  });

/** A sign-in with something that was once delivered, or with a defect of it. */
const signingIn: fc.Arbitrary<Step> = fc
  .tuple(fc.nat(), noise('password', 'keep-alive', 'name', 'another name'))
  .map(([nth, defect]) => (_bench, issued) => {
    const one = issued[nth % Math.max(1, issued.length)];
    if (!one) return { request: signIn({ deviceSecret: 'never issued' }), dn: DN };
    const request = signIn(one.credentials, one.dn);
    const bends: Record<string, Partial<Connect>> = {
      password: { password: 'f00d' },
      'keep-alive': { keepAlive: 29 },
      name: { username: 'nonsense' },
      'another name': { username: `${NAMES.find((dn) => dn !== one.dn) ?? ''}&${PK}` },
    };
    return { request: { ...request, ...bends[defect] }, dn: one.dn };
  });

const operating: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(fc.constantFrom('DeleteDevice', 'ResetThing', 'DisableThing', 'EnableThing', 'DeleteClientIds'), name)
    .map(([action, deviceName]): Step => () => ({ command: { action, productKey: PK, deviceName } })),
  name.map((deviceName): Step => () => ({ command: { action: 'AddDevice', productKey: PK, deviceName } })),
  fc.boolean().map((on): Step => () => ({ command: { action: 'X-SetDynamicRegistration', productKey: PK, on } })),
  fc.tuple(name, fc.nat(6)).map(([deviceName, nth]): Step => (bench) => ({
    command: { action: 'TransformClientId', productKey: PK, deviceName, clientId: bench.clientIds(deviceName)[nth] ?? 'never-issued' },
  })),
);

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: registering },
    { weight: 4, arbitrary: signingIn },
    { weight: 3, arbitrary: operating },
    { weight: 1, arbitrary: fc.constant<Step>(() => ({ hangUp: true })) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** All that an operator and the devices together can see. */
function observed(bench: Bench): unknown {
  return [
    ...NAMES.map((dn) => [bench.detail(dn), bench.clientIds(dn)]),
    bench.operate({ action: 'QueryDeviceStatistics', productKey: PK }),
    bench.platform.openSessions,
    bench.closed.map((one) => one.reason),
  ];
}

describe('a refused request', () => {
  it.each(Object.keys(EDITIONS) as EditionName[])(
    'leaves the platform as it was: a twin that never heard of it answers the same ever after (%s)',
    (edition) => {
      let refusals = 0;
      fc.assert(
        fc.property(steps, (sequence) => {
          const [bench, twin] = [new Bench({ edition }), new Bench({ edition })];
          const issued: { dn: string; credentials: Credentials }[] = [];
          for (const step of sequence) {
            const { request, dn, command, hangUp } = step(bench, issued);
            if (command) {
              const result = bench.operate(command);
              if (result.ok) expect(twin.operate(command)).toEqual(result);
            }
            if (hangUp) {
              bench.hangUp();
              twin.hangUp();
            }
            if (request && dn) {
              const last = bench.session;
              const decision = bench.connect(request);
              if (decision.kind === 'refused') {
                refusals += 1;
                // The newest connection is the one before.
                bench.session = last;
              } else {
                // Same credentials delivered, same identity.
                expect(twin.connect(request)).toEqual(decision);
                if (decision.kind === 'registered') issued.push({ dn, credentials: credentialsOf(decision) });
              }
            }
            expect(observed(bench)).toEqual(observed(twin));
          }
          // What was delivered works, or not, on both alike.
          for (const { dn, credentials } of issued) expect(brief(bench.signIn(credentials, dn))).toBe(brief(twin.signIn(credentials, dn)));
        }),
        { numRuns: 150 },
      );
      expect(refusals).toBeGreaterThan(200);
    },
  );

  it('learns nothing: a wrong signature gets one answer for every state of the device', () => {
    const bench = new Bench();
    bench.add(DN, 'activated-1', 'disabled-1');
    bench.signIn(bench.issue('register', 'activated-1'), 'activated-1');
    bench.on('DisableThing', 'disabled-1');
    for (let i = 0; i < 5; i++) bench.issue('regnwl', 'over-cap');
    const answers = [true, false].flatMap((on) => {
      bench.switch(on);
      return [DN, 'activated-1', 'disabled-1', 'over-cap', 'unknown-1'].flatMap((dn) =>
        (['register', 'regnwl'] as const).map((how) => brief(bench.register(how, dn, { ps: 'wrong' }))),
      );
    });
    expect(new Set(answers)).toEqual(new Set(['4 signature']));
    const secrets = [DN, 'activated-1', 'disabled-1', 'over-cap', 'unknown-1'].map((dn) =>
      brief(bench.signIn({ deviceSecret: 'wrong' }, dn)),
    );
    expect(new Set(secrets)).toEqual(new Set(['4 credentials']));
  });
});

describe('the order of checks', () => {
  // Each row has its own defect and all defects of the rows below it: the first check must speak.
  const DEFECTS = ['grammar', 'transport', 'product', 'signature', 'switch', 'device', 'disabled', 'activated', 'cap'] as const;
  const ANSWERS: Record<(typeof DEFECTS)[number], string> = {
    grammar: '2 malformed',
    transport: '2 transport',
    product: '4 unknown-product',
    signature: '4 signature',
    switch: '4 switch-off',
    device: '4 not-added',
    disabled: '4 disabled',
    activated: '4 activated',
    cap: '4 cap',
  };

  it.each(DEFECTS)('%s speaks before all that follow', (first) => {
    const has = (defect: (typeof DEFECTS)[number]): boolean => DEFECTS.indexOf(defect) >= DEFECTS.indexOf(first);
    const bench = new Bench();
    // A device that is over its cap, activated and disabled at once; where the device itself is the defect, another name.
    const how = first === 'cap' ? 'regnwl' : 'register';
    if (first === 'cap') for (let i = 0; i < 5; i++) bench.issue('regnwl');
    else bench.signIn(bench.add(DN).issue());
    if (has('disabled')) bench.on('DisableThing');
    if (has('switch')) bench.switch(false);
    const dn = has('device') ? 'unknown-1' : DN;
    const request = registration(how, dn, {
      ...(has('signature') ? { ps: 'wrong' } : {}),
      ...(has('product') ? { pk: 'unknownProduct' } : {}),
    });
    const bent = {
      ...request,
      ...(has('transport') ? { facts: PLAIN } : {}),
      ...(has('grammar') ? { identifier: request.identifier.replace(/signmethod=[^,|]*/, '') } : {}),
    };
    expect(brief(bench.connect(bent))).toBe(ANSWERS[first]);
  });

  it('refuses an illegal name and a foreign sign method, before the transport', () => {
    const bench = new Bench();
    for (const username of [`abc&${PK}`, `${'x'.repeat(33)}&${PK}`, `a/b/c&${PK}`, `${DN}&${PK}&x`, DN, '', undefined]) {
      expect(brief(bench.register('regnwl', DN, { request: { username, facts: PLAIN } })), String(username)).toBe('2 malformed');
    }
    const { identifier } = registration('register');
    expect(brief(bench.register('register', DN, { request: { identifier: identifier.replace('hmacsha256', 'hmacsha512') } }))).toBe(
      '2 sign-method',
    );
    expect(brief(bench.register('register', DN, { request: { identifier: identifier.replace('=register', '=registre') } }))).toBe(
      '2 auth-type',
    );
    expect(bench.status()).toBeUndefined();
  });

  it('takes a missing password for a wrong one', () => {
    const bench = new Bench();
    bench.add(DN);
    expect(brief(bench.register('register', DN, { request: { password: undefined } }))).toBe('4 signature');
    expect(brief(bench.signIn({ deviceSecret: 'x' }, DN, { request: { password: undefined } }))).toBe('4 credentials');
  });
});
