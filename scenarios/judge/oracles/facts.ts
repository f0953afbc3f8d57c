// What an operator reads of the platform, or a witness knows.
import type { Json } from '../../../kernel/trace/event.ts';
import type { Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';
import { endedBefore } from '../words.ts';

export interface FactArgs {
  readonly span: string;
  readonly fact: string;
  readonly is: Json;
}

/** The fact has the value. */
export function factIs(spans: Spans, args: FactArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return endedBefore(args.span);
  const value = span.facts[args.fact];
  if (value === undefined) return inconclusive(`${args.span} could not read ${args.fact}`, `${args.span} 未能读到 ${args.fact}`);
  const said = JSON.stringify(value);
  return said === JSON.stringify(args.is)
    ? pass(`${args.fact} is ${said} at ${args.span}`, `${args.span} 处 ${args.fact} 为 ${said}`)
    : fail(
        `${args.fact} is ${said} at ${args.span}, not ${JSON.stringify(args.is)}`,
        `${args.span} 处 ${args.fact} 为 ${said}，而不是 ${JSON.stringify(args.is)}`,
      );
}

export interface SameFactArgs {
  readonly fact: string;
  readonly before: string;
  readonly after: string;
}

/** The fact has not changed between two readings. */
export function factUnchanged(spans: Spans, args: SameFactArgs): Finding {
  const before = spans.get(args.before)?.facts[args.fact];
  const after = spans.get(args.after)?.facts[args.fact];
  if (before === undefined || after === undefined)
    return inconclusive(
      `${args.fact} was not read at ${args.before} and ${args.after}`,
      `在 ${args.before} 与 ${args.after} 两处未都读到 ${args.fact}`,
    );
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  return was === is
    ? pass(`${args.fact} is the same at ${args.before} and ${args.after}`, `${args.fact} 在 ${args.before} 与 ${args.after} 处相同`)
    : fail(`${args.fact} changed from ${was} to ${is}`, `${args.fact} 由 ${was} 变为 ${is}`);
}

export interface ReadingArgs {
  readonly span: string;
  readonly fact: string;
}

/** Measured and reported; can never fail. */
export function reading(spans: Spans, args: ReadingArgs): Finding {
  const value = spans.get(args.span)?.facts[args.fact];
  return value === undefined
    ? inconclusive(`${args.fact} was not read`, `未读到 ${args.fact}`)
    : pass(`${args.fact} is ${JSON.stringify(value)}`, `${args.fact} 为 ${JSON.stringify(value)}`, { reading: value });
}
