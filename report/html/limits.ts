// How many events each diagram may have, so that the file stays small enough to open and to send.
import type { Report, ReportCase } from '../model.ts';
import type { StoredCase } from '../transcript.ts';
import type { EventLimit } from './cases.ts';
import { asksAttention } from './verdicts.ts';

/** A diagram of more is not read. */
export const EVENTS_MAX = 150;

/** Cases that did not pass may have so much of it before they are shortened as well. */
const FOR_ATTENTION = 0.6;

/** Sizes of the file with the most events, with none, and as it may be. */
interface Sizes {
  readonly whole: number;
  readonly bare: number;
  readonly most: number;
}

/**
 * Limits by which the file fits, as far as an average event tells. Cases that did not pass are shortened last.
 * @param planned share of the room to plan with, since events differ in size
 */
export function limitsFor(report: Report, evidence: readonly StoredCase[], sizes: Sizes, planned: number): EventLimit {
  const events = new Map(
    evidence.map(({ record }) => [record.case, record.spans.reduce((sum, span) => sum + Math.max(1, span.events.length), 0)]),
  );
  const cases = [...report.cases, ...report.extensions];
  const drawn = (of: readonly ReportCase[], limit: number): number =>
    of.reduce((sum, { id }) => sum + Math.min(events.get(id) ?? 0, limit), 0);
  const cost = (sizes.whole - sizes.bare) / Math.max(1, drawn(cases, EVENTS_MAX));
  const room = (planned * (sizes.most - sizes.bare)) / cost;

  const highest = (of: readonly ReportCase[], fits: number): number => {
    let limit = EVENTS_MAX;
    while (limit > 0 && drawn(of, limit) > fits) limit -= 1;
    return limit;
  };
  const odd = cases.filter((one) => asksAttention(one.verdict));
  const rest = cases.filter((one) => !asksAttention(one.verdict));
  const forOdd = highest(odd, rest.length > 0 ? room * FOR_ATTENTION : room);
  const forRest = highest(rest, room - drawn(odd, forOdd));
  return (one) => (asksAttention(one.verdict) ? forOdd : forRest);
}
