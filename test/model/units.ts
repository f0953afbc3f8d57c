// What units and attackers ask of a platform: registrations in both modes and over HTTPS, and sign-ins with what was issued to them, to
// others, or to an earlier incarnation.
import { Disagreement, isSame, text, type Faults, type HeldPair, type Model, type Name } from './model.ts';
import { PRODUCTS, compareDecision, productSecret, same, type Real } from './real.ts';
import { CHANGED, REFUSED, choose, passes, type Did } from './step.ts';
import { factsOf, registrationConnect, registrationSignature, secretConnect, tokenConnect, type Habits } from './wire.ts';

interface RegistrationWish {
  readonly name: Name;
  readonly mode: 'register' | 'regnwl';
  readonly signedWith: 'own' | 'other-product';
  readonly habits: Habits;
  /** Does it leave after the reply, wait for its end, get the reply after a while, or none for now? */
  readonly then: 'leaves' | 'waits' | 'late' | 'unanswered';
}

const keyOf = ({ name, signedWith }: Pick<RegistrationWish, 'name' | 'signedWith'>): string =>
  productSecret(signedWith === 'own' ? name.productKey : (PRODUCTS.find((key) => key !== name.productKey) ?? ''));

export function registers(wish: RegistrationWish, model: Model, real: Real): Did {
  const { name, mode, habits, signedWith } = wish;
  const faults = model.judgeRegistration({ ...name, mode, encrypted: habits.encrypted, signatureRight: signedWith === 'own' });
  const logged = real.behaviour;
  const { session, decision } = real.connect(registrationConnect(mode, name, keyOf(wish), habits));
  same('RULE-07: entries about devices in the log', real.behaviour, logged);
  if (!compareDecision(`${mode} of ${text(name)}`, faults, 'registered', decision) || decision.kind !== 'registered') return REFUSED;
  same('RULE-05: how the reply comes', [decision.topic, decision.delivery], [`/ext/${mode}`, 'unsolicited']);
  takeReply(model, real, name, mode, JSON.parse(decision.payload) as Record<string, string>);
  model.openedRegistration(session, name);
  if (wish.then === 'late') passes(LATE_MS, model, real);
  if (wish.then !== 'unanswered') reply(session, model, real);
  if (wish.then === 'leaves') leave(session, model, real);
  return CHANGED;
}

/** Inside what the C SDK waits for (section 10). */
const LATE_MS = 4_000;

function takeReply(model: Model, real: Real, name: Name, mode: RegistrationWish['mode'], fields: Record<string, string>): void {
  const { deviceSecret = '', clientId = '', deviceToken = '' } = fields;
  if (mode === 'register') {
    same('the reply', fields, { ...name, deviceSecret });
    model.delivered(name, deviceSecret);
  } else {
    same('the reply', fields, { ...name, clientId, deviceToken });
    model.issued(name, clientId, deviceToken, real.consoleSecret(name));
  }
}

export function reply(session: number, model: Model, real: Real): void {
  real.platform.replied(session);
  model.replied(session);
}

export function leave(session: number, model: Model, real: Real): void {
  real.hangUp(session);
  model.left(session);
}

/** Section 3: the same decision without a connection. */
export function registersOverHttps({ name, signedWith }: Pick<RegistrationWish, 'name' | 'signedWith'>, model: Model, real: Real): Did {
  const faults = model.judgeRegistration({ ...name, mode: 'register', encrypted: true, signatureRight: signedWith === 'own' });
  const random = '123';
  const signature = registrationSignature(name, keyOf({ name, signedWith }), random, false);
  const facts = factsOf(true);
  const about = { mode: 'register', via: 'https', facts, keepAlive: 0, signMethod: 'hmacsha256' } as const;
  const outcome = real.platform.register({ ...about, ...name, random, signature });
  const isRight = outcome.kind === 'issued' ? faults.length === 0 : faults.length > 0;
  if (!isRight) throw new Disagreement(`register of ${text(name)} over HTTPS: ${outcome.kind}`);
  if (outcome.kind === 'refused') return REFUSED;
  same('kind of the reply', outcome.reply.kind, 'register');
  if (outcome.reply.kind === 'register') model.delivered(name, outcome.reply.deviceSecret);
  return CHANGED;
}

export const SPOILT: readonly ((identifier: string) => string)[] = [
  (identifier) => identifier.replace(/random=[^,|]*,/, ''),
  (identifier) => identifier.replace(/,signmethod=[^,|]*/, ''),
  (identifier) => identifier.replaceAll('|', ''),
  (identifier) => identifier.replace(/authType=[^,|]*/, 'authType=unheard-of'),
];

/** RULE-09, RULE-10: refused with 2, unless something else is wrong as well. */
export function registersMalformed(
  { name, mode, how }: { name: Name; mode: 'register' | 'regnwl'; how: number },
  model: Model,
  real: Real,
): Did {
  const faults: Faults = [2, ...model.judgeRegistration({ ...name, mode, encrypted: true, signatureRight: true })];
  const habits = { encrypted: true, keepAlive: 60, upperCase: false };
  const { decision } = real.connect(registrationConnect(mode, name, productSecret(name.productKey), habits, SPOILT[how]));
  compareDecision(`malformed ${mode} of ${text(name)}`, faults, 'registered', decision);
  return REFUSED;
}

interface SecretWish {
  readonly name: Name;
  /** Its own, one of a deleted incarnation, or any that anybody holds. */
  readonly which: 'own' | 'old' | 'any';
  readonly pick: number;
  readonly habits: Habits;
  readonly signsAll: boolean;
}

export function secretOf({ name, which, pick }: SecretWish, model: Model): string | undefined {
  const own = model.device(name)?.secret;
  if (which === 'own') return own;
  const held = which === 'any' ? model.secrets : model.secrets.filter((one) => isSame(one, name) && one.secret !== own);
  return choose(held, pick)?.secret;
}

export function signsInWithSecret(wish: SecretWish, model: Model, real: Real): Did {
  const { name, habits, signsAll } = wish;
  const secret = secretOf(wish, model) ?? '';
  const faults = model.judgeSecret(name, secret, habits.keepAlive);
  const { session, decision } = real.connect(secretConnect(name, secret, habits, signsAll));
  if (!compareDecision(`connect of ${text(name)} with a secret`, faults, 'online', decision)) return REFUSED;
  return { changed: true, closings: model.signedIn(session, name, undefined, habits.keepAlive) };
}

interface PairWish {
  readonly name: Name;
  /** A listed pair, one that is not any more, a listed ClientID with the token of another, or a pair of another device. */
  readonly which: 'listed' | 'old' | 'mixed' | 'foreign';
  readonly pick: number;
  readonly habits: Habits;
}

type Pair = Pick<HeldPair, 'clientId' | 'token'>;

export function pairOf({ name, which, pick }: PairWish, model: Model): Pair | undefined {
  const listed = model.device(name)?.clientIds ?? [];
  const own = model.pairs.filter((pair) => isSame(pair, name));
  const unlisted = own.filter((pair) => !listed.some(({ clientId }) => clientId === pair.clientId));
  switch (which) {
    case 'listed':
      return choose(listed, pick);
    case 'old':
      return choose(unlisted, pick);
    case 'foreign':
      return choose(
        model.pairs.filter((pair) => !isSame(pair, name)),
        pick,
      );
    case 'mixed': {
      const one = choose(listed, pick);
      const other = choose(
        own.filter((pair) => pair.token !== one?.token),
        Math.floor(pick / 7),
      );
      return one && other ? { clientId: one.clientId, token: other.token } : undefined;
    }
  }
}

export function signsInWithPair(name: Name, pair: Pair, habits: Habits, model: Model, real: Real): Did {
  const { clientId, token } = pair;
  const faults = model.judgePair(name, clientId, token, habits.keepAlive);
  const { session, decision } = real.connect(tokenConnect(name, clientId, token, habits));
  if (!compareDecision(`connect of ${text(name)} with a ClientID`, faults, 'online', decision)) return REFUSED;
  return { changed: true, closings: model.signedIn(session, name, clientId, habits.keepAlive) };
}
