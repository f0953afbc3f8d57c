// What each oracle is told in `on`, as data: the types say it to our cases, and this says it to a user's, which are JavaScript.
import * as v from 'valibot';
import type { OracleArgs, OracleName } from '../judge/oracles/index.ts';

/** What stands under a key. `text` is mostly the name of a span. */
const KINDS = {
  text: [v.pipe(v.string(), v.nonEmpty()), 'a text, such as the name of a span'],
  texts: [v.pipe(v.array(v.string()), v.nonEmpty()), 'a list of names of spans'],
  number: [v.number(), 'a number'],
  flag: [v.boolean(), 'true or false'],
  crowd: [v.object({ name: v.string(), count: v.number() }), '{ name, count }'],
  json: [v.unknown(), 'a value'],
} as const;
type Kind = keyof typeof KINDS;

type KindOf<T> = [T] extends [string]
  ? 'text'
  : [T] extends [number]
    ? 'number'
    : [T] extends [boolean]
      ? 'flag'
      : [T] extends [readonly string[]]
        ? 'texts'
        : [T] extends [{ readonly name: string; readonly count: number }]
          ? 'crowd'
          : 'json';

/** The kind of each key; with a question mark where it may be left out. */
type ArgsOf<Args> = {
  readonly [Key in keyof Args]-?: undefined extends Args[Key] ? `${KindOf<NonNullable<Args[Key]>>}?` : KindOf<Args[Key]>;
};

const ATTEMPT = { attempt: 'text' } as const;
const ATTEMPTS = { attempts: 'texts' } as const;
const SPAN = { span: 'text' } as const;
/** The proofs of a refusal. */
const PROOFS = { control: 'text', alive: 'text' } as const;

// An oracle without an entry, or with another one than its arguments, does not compile.
const ARGS: { readonly [Name in OracleName]: ArgsOf<OracleArgs[Name]> } = {
  accepted: ATTEMPT,
  acceptedLikeControl: { ...ATTEMPT, ...PROOFS, orphan: 'text?' },
  acknowledged: SPAN,
  answers: ATTEMPTS,
  betterRefused: { ...ATTEMPT, control: 'text?' },
  clientIdTime: { list: 'text', issued: 'text', connected: 'text' },
  closeCountsFrom: { register: 'text', linger: 'text' },
  compactReply: ATTEMPT,
  credentialsOrRefusal: { crowd: 'crowd', off: 'text' },
  deliveries: SPAN,
  distinctClientIds: ATTEMPTS,
  endedByPlatform: { ...SPAN, since: 'text?', notBefore: 'number?', notAfter: 'number?' },
  everyoneAccepted: { crowd: 'crowd' },
  everyoneIssued: { crowd: 'crowd' },
  everyoneRefused: { ...PROOFS, crowd: 'crowd' },
  exactlyOnline: { ...PROOFS, crowd: 'crowd', retries: 'crowd', online: 'number' },
  factIs: { ...SPAN, fact: 'text', is: 'json' },
  factUnchanged: { fact: 'text', before: 'text', after: 'text' },
  firstAnswers: ATTEMPTS,
  httpIssued: ATTEMPT,
  httpRefused: { ...ATTEMPT, ...PROOFS, code: 'number?' },
  httpShape: ATTEMPT,
  issued: ATTEMPT,
  keepsCredentials: { first: 'text', later: 'text', online: 'text' },
  lateRefused: { ...PROOFS, crowd: 'crowd', off: 'text' },
  livedThrough: SPAN,
  messageOn: { ...SPAN, topicEnds: 'text' },
  newestWins: { connects: 'crowd', kicks: 'crowd' },
  nothingReceived: { ...SPAN, heard: 'text', meanwhile: 'text?', mayBeClosed: 'flag?' },
  oneReply: { during: 'texts' },
  operatorLatency: { action: 'text', ended: 'text?', attempts: 'texts?' },
  postAnswer: { ...SPAN, topicEnds: 'text' },
  reading: { ...SPAN, fact: 'text' },
  refused: { ...ATTEMPT, ...PROOFS, code: 'number?' },
  registersOnce: { first: 'text', later: 'text' },
  replyInOrder: ATTEMPT,
  replyShape: ATTEMPT,
  replyTopic: ATTEMPT,
  sameAnswer: { ...ATTEMPTS, alive: 'text' },
  sessionFate: SPAN,
  sixthStaysOut: { ...PROOFS, sixth: 'texts' },
  sparedBySwitch: { crowd: 'crowd', off: 'text', stays: 'crowd', posts: 'crowd', reconnects: 'crowd' },
  tlsFloor: { ...ATTEMPT, ...PROOFS },
  unsolicited: ATTEMPT,
};

/**
 * What is wrong with the `on` of a check, and at which key; undefined where it is what the oracle takes. Whether a span of that name will
 * be there is not known before the case has run.
 */
export function faultOfArgs(
  oracle: OracleName,
  on: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly why: string } | undefined {
  const args: Readonly<Record<string, `${Kind}${'' | '?'}`>> = ARGS[oracle];
  const optional = Object.keys(args).filter((key) => args[key]?.endsWith('?'));
  const required = Object.keys(args).filter((key) => !optional.includes(key));
  const takes = `${oracle} takes ${required.join(', ')}${optional.length > 0 ? ` and, where wanted, ${optional.join(', ')}` : ''}`;
  const unknown = Object.keys(on).find((key) => !Object.hasOwn(args, key));
  if (unknown !== undefined) return { key: unknown, why: `is no key of this oracle: ${takes}` };
  const missing = required.find((key) => on[key] === undefined);
  if (missing !== undefined) return { key: missing, why: `is missing: ${takes}` };
  for (const [key, value] of Object.entries(on)) {
    const [schema, words] = KINDS[(args[key]?.replace('?', '') ?? 'json') as Kind];
    if (value !== undefined && !v.is(schema, value)) return { key, why: `is not ${words}` };
  }
  return undefined;
}
