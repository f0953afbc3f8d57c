// Random sequences of commands: which there are, how often each, and about whom. Few names, so that commands meet.
import fc from 'fast-check';
import { text, type Model, type Name } from './model.ts';
import { ACTIONS, adds, deletesTooEarly, makesAgain, notices, operates, restarts, switchTarget, switches, turns } from './operators.ts';
import { NAMES, PRODUCTS, compareState, type Real } from './real.ts';
import { CHANGED, carryOut, choose, passes, step, type Step } from './step.ts';
import {
  SPOILT,
  leave,
  pairOf,
  registers,
  registersMalformed,
  registersOverHttps,
  reply,
  secretOf,
  signsInWithPair,
  signsInWithSecret,
} from './units.ts';
import type { Habits } from './wire.ts';

/** Few names, so that commands meet. Each mode has a favourite, and all names see both. */
const nameLike = (...weights: readonly number[]): fc.Arbitrary<Name> =>
  fc.oneof(...NAMES.map((one, index) => ({ weight: weights[index] ?? 1, arbitrary: fc.constant(one) })));
const tokenName = nameLike(12, 2, 2);
const secretName = nameLike(2, 12, 2);
const anyName = nameLike(8, 8, 2);
const pick = fc.nat(999);
const mode = fc.constantFrom('register', 'regnwl');
const signedWith = fc.oneof(
  { weight: 9, arbitrary: fc.constant('own' as const) },
  { weight: 1, arbitrary: fc.constant('other-product' as const) },
);
/** RULE-03: of a registration, any will do. */
const anyKeepAlive = fc.constantFrom(0, 10, 60, 5000);
const fairKeepAlive = { weight: 9, arbitrary: fc.constantFrom(30, 60, 300, 1200, 1200, 5000) };
const keepAlive = fc.oneof(fairKeepAlive, { weight: 1, arbitrary: fc.constantFrom(0, 29) });
const usually = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
const registrationHabits = fc.record({ encrypted: usually(9), keepAlive: anyKeepAlive, upperCase: fc.boolean() });
const habits = fc.record({ encrypted: usually(4), keepAlive, upperCase: fc.boolean() });

const nameFor = { register: secretName, regnwl: tokenName } as const;
const nameAndMode = mode.chain((one) => nameFor[one].map((name) => ({ name, mode: one })));

const registration = fc
  .record({
    of: nameAndMode,
    signedWith,
    habits: registrationHabits,
    then: fc.constantFrom('leaves', 'leaves', 'leaves', 'waits', 'late', 'unanswered'),
  })
  .map(({ of, ...rest }) => step('registration', { ...of, ...rest }, registers));

/** One unit again and again, or as many units as it takes to fill a DeviceName. */
const batch = fc.record({ of: nameAndMode, count: fc.integer({ min: 2, max: 6 }) }).map(({ of, count }): Step => {
  const habits = { encrypted: true, keepAlive: 60, upperCase: false };
  const one = { ...of, signedWith: 'own', habits, then: 'leaves' } as const;
  return {
    check: () => true,
    run(model, real) {
      for (let n = 0; n < count; n++) carryOut(model, real, () => registers(one, model, real));
    },
    toString: () => `batch(${count} × ${of.mode} of ${text(of.name)})`,
  };
});

const secretSignIn = fc
  .record({ name: secretName, which: fc.constantFrom('own', 'own', 'old', 'any'), pick, habits, signsAll: fc.boolean() })
  .map((wish) => step('secret', wish, signsInWithSecret, (of, model) => secretOf(of, model) !== undefined));

const pairSignIn = fc
  .record({ name: tokenName, which: fc.constantFrom('listed', 'listed', 'listed', 'old', 'mixed', 'foreign'), pick, habits })
  .map((wish) =>
    step(
      'pair',
      wish,
      (of, model, real) => signsInWithPair(of.name, pairOf(of, model) ?? { clientId: '', token: '' }, of.habits, model, real),
      (of, model) => pairOf(of, model) !== undefined,
    ),
  );

const operation = fc
  .record({ name: anyName, action: fc.constantFrom(...ACTIONS, 'ResetThing', 'ResetThing', 'DisableThing', 'EnableThing', 'EnableThing') })
  .map((wish) => step('operate', wish, operates));

/** Something about one of the live connections that `which` picks from. */
function about(
  label: string,
  which: (model: Model) => number[],
  act: (session: number, model: Model, real: Real) => void,
): fc.Arbitrary<Step> {
  const find = (among: number, model: Model): number | undefined => choose(which(model), among);
  return pick.map((wish) =>
    step(
      label,
      wish,
      (among, model, real) => {
        act(find(among, model) ?? 0, model, real);
        return CHANGED;
      },
      (among, model) => find(among, model) !== undefined,
    ),
  );
}

const everySession = (model: Model): number[] => [...model.sessions.keys()];
const unanswered = (model: Model): number[] =>
  [...model.sessions].filter(([, one]) => one.role === 'registration' && one.endsAt === undefined).map(([session]) => session);

/** Keeps one connection alive: silent for part of what it may be, then a packet, several times over. */
const beats = fc
  .record({ among: pick, share: fc.constantFrom(0.5, 1, 1.25, 1.49), rounds: fc.integer({ min: 2, max: 4 }) })
  .map((wish): Step => {
    const { among, share, rounds } = wish;
    const devices = (model: Model): number[] => everySession(model).filter((session) => model.sessions.get(session)?.role === 'device');
    return {
      check: (model) => devices(model as Model).length > 0,
      run(model, real) {
        const session = choose(devices(model), among) ?? 0;
        for (let n = 0; n < rounds; n++) {
          const ms = (model.sessions.get(session)?.keepAliveMs ?? 0) * share;
          carryOut(model, real, () => passes(ms, model, real));
          packet(session, model, real);
        }
      },
      toString: () => `beats(${JSON.stringify(wish)})`,
    };
  });

function packet(session: number, model: Model, real: Real): void {
  real.platform.touch(session);
  model.heard(session);
}

const add = fc.record({ name: secretName, chosen: fc.boolean() }).map((wish) => step('add', wish, adds));

const choice = fc
  .record({ name: tokenName, which: fc.constantFrom('listed', 'listed', 'any', 'invented'), pick })
  .map((wish) => step('switch', wish, switches, (of, model) => switchTarget(of, model) !== undefined));

const turn = fc
  .record({ productKey: fc.constantFrom(...PRODUCTS), on: usually(2), by: fc.constantFrom('script', 'console', 'console-without-code') })
  .map((wish) => step('turn', wish, turns));

const pass = fc
  .oneof(fc.constantFrom(1, 1000, 14_999, 15_000, 30_000, 45_000, 90_000, 1_800_000), fc.integer({ min: 1, max: 200_000 }))
  .map((ms) => step('pass', ms, passes));

/** Every kind of command, as often as it stands here. */
const COMMANDS: fc.Arbitrary<Step>[] = [
  ...[registration, registration, registration, registration, batch, batch, batch],
  ...[add, add],
  ...[secretSignIn, secretSignIn, secretSignIn, secretSignIn, pairSignIn, pairSignIn, pairSignIn],
  ...[operation, operation, operation, operation],
  ...[choice, choice],
  ...[turn, turn],
  ...[pass, pass],
  fc.record({ name: secretName, signedWith }).map((wish) => step('https', wish, registersOverHttps)),
  fc
    .record({ of: nameAndMode, how: fc.nat(SPOILT.length - 1) })
    .map(({ of, how }) => step('malformed', { ...of, how }, registersMalformed)),
  about('leave', everySession, leave),
  about('packet', everySession, packet),
  about('reply', unanswered, reply),
  beats,
  fc.constant(step('notice', null, notices)),
  fc.constant(step('restart', null, restarts)),
  fc
    .constantFrom(...PRODUCTS)
    .map((key) => step('delete too early', key, deletesTooEarly, (of, model) => model.product(of).devices.size > 0)),
];

/** Deletes all of a product and makes it again: not in every sequence, since it ends so much. */
const recreation = fc.constantFrom(...PRODUCTS).map((productKey) => step('make again', productKey, makesAgain));

/** Sequences of at most 60 commands. */
export function sequences({ recreating = false } = {}): fc.Arbitrary<Iterable<Step>> {
  return fc.commands(recreating ? [...COMMANDS, recreation, recreation] : COMMANDS, { maxCommands: 60, size: 'max' });
}

/** Products as a sequence meets them: RULE-14 was seen, and the switch is on. */
export function begin(model: Model, real: Real): void {
  compareState(model, real);
  for (const productKey of PRODUCTS) carryOut(model, real, () => turns({ productKey, on: true, by: 'console' }, model, real));
}

const PLAIN_HABITS: Habits = { encrypted: true, keepAlive: 1200, upperCase: false };

/**
 * At the end, whatever the switch (RULE-12): everything that was ever issued opens its own device if the model says so, and no token opens
 * another ClientID (RULE-55).
 */
export function audit(model: Model, real: Real): void {
  for (const productKey of PRODUCTS) {
    const on = !model.product(productKey).on;
    carryOut(model, real, () => turns({ productKey, on, by: 'script' }, model, real));
  }
  for (const held of [...model.secrets]) {
    const wish = { name: nameOf(held), which: 'any', pick: model.secrets.indexOf(held), habits: PLAIN_HABITS, signsAll: true } as const;
    carryOut(model, real, () => signsInWithSecret(wish, model, real));
  }
  const pairs = [...model.pairs];
  for (const [index, held] of pairs.entries()) {
    const next = pairs[index + 1] ?? held;
    for (const { token } of next === held ? [held] : [held, next]) {
      const pair = { clientId: held.clientId, token };
      carryOut(model, real, () => signsInWithPair(nameOf(held), pair, PLAIN_HABITS, model, real));
    }
  }
}

const nameOf = ({ productKey, deviceName }: Name): Name => ({ productKey, deviceName });
