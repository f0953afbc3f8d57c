// The calls a template may make: what each takes, and what it answers.
import { ALPHANUMERIC, type Random } from '../../kernel/random.ts';

export type Value = string | number;

export interface CallContext {
  readonly now: number;
  readonly random: () => Random;
  /** What this call answered to this unit the time before; undefined at first. */
  readonly before: number | undefined;
}

export interface Call {
  /** How it is written, for whoever wrote it otherwise. */
  readonly usage: string;
  /** Its answer depends on the one before. */
  readonly remembers?: true;
  /** What is wrong with the arguments; those that are only known later are undefined. */
  check(args: readonly (Value | undefined)[]): string | undefined;
  evaluate(args: readonly Value[], context: CallContext): Value;
}

/** Longest text that is drawn, and widest number that is padded. */
const LENGTH_MAX = 100_000;
const WIDTH_MAX = 30;
/** A walk is rounded, so that its steps do not grow digits. */
const WALK_DIGITS = 3;
const DIGITS_MAX = 10;
/** Whole numbers further apart are beyond what one draw reaches. */
const SPAN_MAX = 2 ** 31 - 1;

/** Says what is wrong with arguments that must be numbers, `least` of them at least. */
function numbers(least: number, most: number, further: (args: readonly number[]) => string | undefined = () => undefined): Call['check'] {
  return (args) => {
    if (args.length < least || args.length > most)
      return `takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}`;
    if (args.some((one) => typeof one === 'string')) return 'takes numbers';
    return args.includes(undefined) ? undefined : further(args as readonly number[]);
  };
}

const ordered = ([low = 0, high = 0]: readonly number[]): string | undefined => (low > high ? `${low} is more than ${high}` : undefined);
const whole = (args: readonly number[]): string | undefined => (args.every(Number.isInteger) ? undefined : 'takes whole numbers');
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

export const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  [
    'counter',
    {
      usage: 'counter(start, step)',
      remembers: true,
      check: numbers(0, 2),
      evaluate: ([start = 0, step = 1], { before }) => (before === undefined ? start : before + Number(step)),
    },
  ],
  [
    'walk',
    {
      usage: 'walk(start, step, min, max)',
      remembers: true,
      check: numbers(2, 4, ([, , low = -Infinity, high = Infinity]) => ordered([low, high])),
      evaluate: ([start, step, low = -Infinity, high = Infinity], { before, random }) => {
        if (before === undefined) return Number(start);
        const next = before + (2 * random().float() - 1) * Number(step);
        return rounded(Math.min(Number(high), Math.max(Number(low), next)), WALK_DIGITS);
      },
    },
  ],
  [
    'random',
    {
      usage: 'random(1, 6)',
      check: numbers(
        2,
        2,
        (args) => whole(args) ?? ordered(args) ?? ((args[1] ?? 0) - (args[0] ?? 0) >= SPAN_MAX ? 'spans too much' : undefined),
      ),
      evaluate: ([low, high], { random }) => Number(low) + random().below(Number(high) - Number(low) + 1),
    },
  ],
  [
    'uniform',
    {
      usage: 'uniform(0, 1, 2)',
      check: numbers(2, 3, (args) => {
        const digits = args[2] ?? 0;
        return (
          ordered(args) ??
          (Number.isInteger(digits) && digits >= 0 && digits <= DIGITS_MAX ? undefined : `rounds to 0 to ${DIGITS_MAX} digits`)
        );
      }),
      evaluate: ([low, high, digits = 2], { random }) =>
        rounded(Number(low) + random().float() * (Number(high) - Number(low)), Number(digits)),
    },
  ],
  [
    'pick',
    {
      usage: "pick('on', 'off')",
      check: (args) => (args.length === 0 ? 'needs something to pick from' : undefined),
      evaluate: (args, { random }) => args[random().below(args.length)] as Value,
    },
  ],
  [
    'text',
    {
      usage: 'text(16)',
      check: numbers(1, 1, ([length = 0]) =>
        Number.isInteger(length) && length >= 0 && length <= LENGTH_MAX ? undefined : `takes a length from 0 to ${LENGTH_MAX}`,
      ),
      evaluate: ([length], { random }) => random().text(Number(length), ALPHANUMERIC),
    },
  ],
  [
    'pad',
    {
      usage: 'pad(index, 6)',
      check: ([value, width, ...rest]) =>
        value === '' || rest.length > 0 || typeof width !== 'number' || !Number.isInteger(width) || width < 1 || width > WIDTH_MAX
          ? `takes a number and a width from 1 to ${WIDTH_MAX}`
          : undefined,
      evaluate: ([value, width]) => String(value).padStart(Number(width), '0'),
    },
  ],
  ['iso', { usage: 'iso', check: numbers(0, 0), evaluate: (_args, { now }) => new Date(now).toISOString() }],
]);
