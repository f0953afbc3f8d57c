// The calls a template may make: what each takes, and what it answers.
import { mention } from '../../kernel/mention.ts';
import { ALPHANUMERIC, type Random } from '../../kernel/random.ts';
import type { TemplateFacts } from './template.ts';

export type Value = string | number;

/** An argument before there is a unit: a value, or the kind of fact that it will be. */
export type Argument =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'fact'; readonly name: keyof TemplateFacts; readonly type: 'number' | 'text' };

export interface CallContext {
  readonly now: number;
  readonly random: () => Random;
  /** What this call answered to this unit the time before; undefined at first. */
  readonly before: number | undefined;
  /** Chooses instead of the draw. */
  readonly choose: Choose | undefined;
}

/** One of several values, by what they are. */
export type Choose = (values: readonly Value[]) => Value;

export interface Call {
  /** How it is written, for whoever wrote it otherwise. */
  readonly usage: string;
  /** Its answer depends on the one before. */
  readonly remembers?: true;
  /** What is wrong with the arguments. */
  check(args: readonly Argument[]): string | undefined;
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

interface NumbersRule {
  /** The arguments from this one on, and what they are, stand in the template: a fact could make a call endless, or mean nothing there. */
  readonly written?: readonly [from: number, what: string];
  /** What else is wrong with them; undefined stands for a number that is only known later. */
  readonly further?: (args: readonly (number | undefined)[]) => string | undefined;
}

/** Says what is wrong with arguments that must be numbers, `least` of them at least. */
function numbers(least: number, most: number, { written: [from, what] = [most, ''], further }: NumbersRule = {}): Call['check'] {
  return (args) => {
    if (args.length < least || args.length > most)
      return `takes ${least === most ? least : `${least} to ${most}`} arguments, not ${args.length}`;
    for (const [i, one] of args.entries()) {
      if (one.kind === 'literal' && typeof one.value === 'string') return 'takes numbers';
      if (one.kind === 'fact' && one.type === 'text') return `takes numbers, and ${one.name} is none`;
      if (one.kind === 'fact' && i >= from) return `takes ${what} written out, not ${one.name}`;
    }
    return further?.(args.map((one) => (one.kind === 'literal' ? Number(one.value) : undefined)));
  };
}

const ordered = ([low = 0, high = 0]: readonly (number | undefined)[]): string | undefined =>
  low > high ? `${mention(low)} is more than ${mention(high)}` : undefined;
/** A walk begins within its bounds; a start that is a fact, known only later, is brought within them. */
const within = ([start, , low = -Infinity, high = Infinity]: readonly (number | undefined)[]): string | undefined => {
  if (start === undefined) return undefined;
  if (start < low) return `starts at ${mention(start)}, below its least, ${mention(low)}`;
  return start > high ? `starts at ${mention(start)}, above its most, ${mention(high)}` : undefined;
};
const whole = (args: readonly (number | undefined)[]): string | undefined =>
  args.every(Number.isInteger) ? undefined : 'takes whole numbers';
const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

const isSomething = (one: Argument | undefined): boolean => one?.kind === 'fact' || (one !== undefined && one.value !== '');
const isWidth = (one: Argument | undefined): boolean =>
  one?.kind === 'literal' && Number.isInteger(one.value) && Number(one.value) >= 1 && Number(one.value) <= WIDTH_MAX;

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
      check: numbers(2, 4, {
        written: [2, 'bounds'],
        further: (args) => ordered([args[2] ?? -Infinity, args[3] ?? Infinity]) ?? within(args),
      }),
      evaluate: ([start, step, low = -Infinity, high = Infinity], { before, random }) => {
        const bounded = (value: number): number => Math.min(Number(high), Math.max(Number(low), value));
        if (before === undefined) return bounded(Number(start));
        const next = before + (2 * random().float() - 1) * Number(step);
        return rounded(bounded(next), WALK_DIGITS);
      },
    },
  ],
  [
    'random',
    {
      usage: 'random(1, 6)',
      check: numbers(2, 2, {
        written: [0, 'bounds'],
        further: (args) => whole(args) ?? ordered(args) ?? ((args[1] ?? 0) - (args[0] ?? 0) >= SPAN_MAX ? 'spans too much' : undefined),
      }),
      evaluate: ([low, high], { random }) => Number(low) + random().below(Number(high) - Number(low) + 1),
    },
  ],
  [
    'uniform',
    {
      usage: 'uniform(0, 1, 2)',
      check: numbers(2, 3, {
        written: [0, 'bounds and digits'],
        further: (args) => {
          const digits = args[2] ?? 0;
          return (
            ordered(args) ??
            (Number.isInteger(digits) && digits >= 0 && digits <= DIGITS_MAX ? undefined : `rounds to 0 to ${DIGITS_MAX} digits`)
          );
        },
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
      evaluate: (args, { random, choose }) => (choose ? choose(args) : (args[random().below(args.length)] as Value)),
    },
  ],
  [
    'text',
    {
      usage: 'text(16)',
      check: numbers(1, 1, {
        written: [0, 'a length'],
        further: ([length = 0]) =>
          Number.isInteger(length) && length >= 0 && length <= LENGTH_MAX ? undefined : `takes a length from 0 to ${LENGTH_MAX}`,
      }),
      evaluate: ([length], { random }) => random().text(Number(length), ALPHANUMERIC),
    },
  ],
  [
    'pad',
    {
      usage: 'pad(index, 6)',
      check: ([number, width, ...rest]) =>
        isSomething(number) && isWidth(width) && rest.length === 0 ? undefined : `takes a number and a width from 1 to ${WIDTH_MAX}`,
      evaluate: ([value, width]) => String(value).padStart(Number(width), '0'),
    },
  ],
  ['iso', { usage: 'iso', check: numbers(0, 0), evaluate: (_args, { now }) => new Date(now).toISOString() }],
]);
