// Random sequences of requests: the platform and a model of the rules agree after each. MUSTER_MODEL_RUNS sequences (300), from
// MUSTER_MODEL_SEED. Then the same with platforms that differ in one thing: the model sees each.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Options } from '../../platform-stub/core/options.ts';
import { OFF, POLICY, type Policy, type PolicyRule } from '../../platform-stub/core/policy.ts';
import { Disagreement, Model } from './model.ts';
import { PRODUCTS, Real, type Lie } from './real.ts';
import { audit, begin, sequences } from './sequences.ts';

const RUNS = Number(process.env['MUSTER_MODEL_RUNS']) || 300;
const SEED = process.env['MUSTER_MODEL_SEED'] ?? '';
const seeded = SEED === '' ? {} : { seed: Number(SEED) };
/** Each is found in a few dozen sequences, mostly. */
const FOUND_WITHIN = 2000;

/** Whatever is done to it, the platform does what the model does. */
function property(lie?: Lie, spoil?: (real: Real) => void, among = sequences()): fc.IProperty<unknown> {
  return fc.property(among, (commands) => {
    const real = new Real(lie);
    spoil?.(real);
    const model = new Model(real.clock.now(), PRODUCTS);
    begin(model, real);
    fc.modelRun(() => ({ model, real }), commands);
    audit(model, real);
    real.platform.stop();
  });
}

/** The model finds what is wrong, and it is the model that does. */
function expectFound(lie?: Lie, spoil?: (real: Real) => void): void {
  const found = fc.check(property(lie, spoil), { ...seeded, numRuns: FOUND_WITHIN, endOnFailure: true });
  expect(found.failed).toBe(true);
  expect(found.errorInstance).toBeInstanceOf(Disagreement);
}

describe('a sequence of requests', () => {
  it(`leaves platform and model agreed (${RUNS} sequences)`, { timeout: 30_000 + RUNS * 100 }, () => {
    fc.assert(property(), { ...seeded, numRuns: RUNS });
  });

  // Known: what is drawn for a device does not depend on which product of this key it belongs to, so the old credentials are issued again.
  it('leaves them agreed when a product is deleted and made again under its key', { timeout: 60_000 }, () => {
    const remade = property({}, () => undefined, sequences({ recreating: true }));
    fc.assert(remade, { ...seeded, numRuns: 300, endOnFailure: true });
  });
});

/** The state machine only carries these: fronts act by them. */
const OF_THE_FRONTS: readonly PolicyRule[] = ['RULE-59'];

/** Right most of the time. */
const NEAR_MISSES: Readonly<Record<string, Partial<Policy>>> = {
  'that ends a registration a moment early': { 'RULE-06': () => 14_999 },
  'that ends a registration a moment late': { 'RULE-06': () => 15_001 },
  'whose switch spares sessions and refuses reconnects': {
    'RULE-12': (product, device) => product.dynamicRegistration || device.sessions.size > 0,
  },
  'that lets register three times': { 'RULE-19': (device) => device.secretsIssued < 3 },
  'that refuses registration while online, reset or not': {
    'RULE-21': (device) => device.activatedAt === undefined || (device.registration !== 'registered' && device.sessions.size === 0),
  },
  'that disables only who is offline': { 'RULE-36': (device) => !device.disabled || device.sessions.size > 0 },
  'that hands out the fourth ClientID twice': { 'RULE-38': (device) => device.clientIds[3] ?? 'unique' },
  'with room for four': { 'RULE-39': ({ counted }) => counted < 4 },
  'with room for six': { 'RULE-39': ({ counted }) => counted < 6 },
  'with room for five in a product': {
    'RULE-39': ({ product }) => [...product.devices.values()].reduce((sum, { clientIds }) => sum + clientIds.length, 0) < 5,
  },
  'whose Switch keeps the newest': { 'RULE-45': (issued) => issued.slice(-1) },
  'whose Switch keeps the first as well': { 'RULE-45': (issued, kept) => issued.filter((one, at) => at === 0 || one.clientId === kept) },
  'whose Clear keeps the newest': { 'RULE-46': (issued) => issued.slice(-1) },
  'that looks at the length of a token': {
    'RULE-55': (issued, token) => (token.length === issued?.deviceToken.length ? issued : undefined),
  },
  'that forgets to say OFFLINE': { 'RULE-56': () => 'ONLINE' },
  'that takes a keep-alive of 29': { 'RULE-58': (keepAlive) => keepAlive >= 29 },
};

/** Conformant, and not what the edition of 2020 says by default: every option that this state machine can show. */
const OTHERWISE: readonly Partial<Options>[] = [
  { plainConnections: 'refused' },
  { closeCountsFrom: 'connack' },
  { registrationPresence: 'kicks-the-device' },
  { unknownAuthType: '4' },
  { refusalCode: '5' },
  { issuedWhileOff: 'refused' },
  { deviceSecretPolicy: 'rotate' },
  { disabledRegisters: 'accepted' },
  { secretAfterReset: 'new' },
  { sessionAtReset: 'closed' },
  { registeredAgain: 'at-registration' },
  { resetInactive: 'refused' },
  { resetTokenDevice: 'refused' },
  { deleteOnline: 'refused' },
  { countAfterDelete: 'continues' },
  { enabledStatus: 'offline' },
  { countLimit: 'activated' },
  { clientIdTime: 'first-connected' },
  { sessionsAtSwitch: 'kept' },
  { listAfterSwitch: 'kept' },
  { pinAfterSwitch: 'on' },
  { switchToUnknown: 'ignored' },
  { sessionKey: 'clientId' },
  { tokenActivation: 'at-registration' },
  { registerOnTokenDevice: 'accepted' },
  { regnwlOnAddedDevice: 'refused' },
  { regnwlOnAddedDevice: 'accepted' },
  { onKeepaliveAbove1200: 'refuse' },
  { regnwlReplyTopic: '/ext/register' },
  { limits: 'vendor' },
];

describe('a platform', { timeout: 60_000 }, () => {
  const without = (Object.keys(OFF) as PolicyRule[]).filter((rule) => !OF_THE_FRONTS.includes(rule));
  it.each(without)('without %s is found out', (rule) => expectFound({ policy: { ...POLICY, [rule]: OFF[rule] } }));

  it.each(Object.entries(NEAR_MISSES))('%s is found out', (_what, entries) => expectFound({ policy: { ...POLICY, ...entries } }));

  it.each(OTHERWISE)('with %o is told from the default', (options) => expectFound({ options }));

  it('that hears no packets is found out', () => {
    expectFound({}, ({ platform }) => void (platform.touch = () => undefined));
  });

  it('that looks at the clock every 60 s is found out', () => {
    expectFound({}, ({ clock }) => {
      const after = clock.after.bind(clock);
      clock.after = (ms, fn) => after(ms > 15_000 ? ms + 30_000 : ms, fn);
    });
  });
});
