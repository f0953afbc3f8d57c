// What an operator reads of the platform, or a witness knows.
import type { Json } from '../../../kernel/trace/event.ts';
import type { Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

export interface FactArgs {
  readonly span: string;
  readonly fact: string;
  readonly is: Json;
}

/** The fact has the value. */
export function factIs(spans: Spans, args: FactArgs): Finding {
  const span = spans.get(args.span);
  if (!span) return inconclusive(`the case ended before ${args.span}`);
  const value = span.facts[args.fact];
  if (value === undefined) return inconclusive(`${args.span} could not read ${args.fact}`);
  const said = JSON.stringify(value);
  return said === JSON.stringify(args.is)
    ? pass(`${args.fact} is ${said} at ${args.span}`)
    : fail(`${args.fact} is ${said} at ${args.span}, not ${JSON.stringify(args.is)}`);
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
  if (before === undefined || after === undefined) return inconclusive(`${args.fact} was not read at ${args.before} and ${args.after}`);
  return JSON.stringify(before) === JSON.stringify(after)
    ? pass(`${args.fact} is the same at ${args.before} and ${args.after}`)
    : fail(`${args.fact} changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
}

export interface ReadingArgs {
  readonly span: string;
  readonly fact: string;
}

/** Measured and reported; can never fail. */
export function reading(spans: Spans, args: ReadingArgs): Finding {
  const value = spans.get(args.span)?.facts[args.fact];
  return value === undefined
    ? inconclusive(`${args.fact} was not read`)
    : pass(`${args.fact} is ${JSON.stringify(value)}`, { reading: value });
}
