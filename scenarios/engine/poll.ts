// Tries again until the platform says no: how a case finds out how long an operator's action takes to bite.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { Drive } from './case.ts';

/** Waits before each attempt, milliseconds: few enough for the vendor's limit of five connects a minute. */
const GAPS_MS = [0, 1_000, 3_000, 10_000];

/** Names of the spans that `untilRefused` may leave. */
export function triesOf(prefix: string): string[] {
  return GAPS_MS.map((_, i) => `${prefix}-${i + 1}`);
}

/** Attempts at once and at growing intervals, until one is not let through. */
export async function untilRefused(t: Drive, prefix: string, attempt: (span: string) => Promise<Outcome>): Promise<void> {
  for (const [i, span] of triesOf(prefix).entries()) {
    await t.wait(GAPS_MS[i] ?? 0);
    const { kind } = await attempt(span);
    if (kind !== 'issued' && kind !== 'accepted') return;
  }
}
