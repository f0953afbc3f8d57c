// The order in which a diagram draws what a case recorded: the steps of all units in one column of time, and who has which lane. Data only.
import type { SpanRecord, StoredEvent } from '../../scenarios/judge/record.ts';

export type SequenceRow = {
  readonly span: SpanRecord;
  /** Columns of the brackets that are open while the row is drawn, the row's own included. */
  readonly open: readonly number[];
  /** Column of the row's own bracket. */
  readonly column: number;
} & ({ readonly kind: 'start' | 'end' | 'only' } | { readonly kind: 'event'; readonly event: StoredEvent });

export interface Sequence {
  readonly rows: readonly SequenceRow[];
  /** Columns of brackets. */
  readonly columns: number;
  /** Units that have a lane, in the order of their first row. */
  readonly units: readonly string[];
  /** Some units share a lane. */
  readonly others: boolean;
  readonly operator: boolean;
  /** What was left out: events, and the steps they belong to. */
  readonly left: { readonly events: number; readonly spans: number };
  /** When the case began. */
  readonly startedAt: number;
}

/** More lanes than these cannot be told apart. */
const UNIT_LANES = 6;
/** Columns of brackets; where more steps overlap, the rest share the last. */
const COLUMNS = 4;
/** Steps without events cost a row as well. */
const ROWS_PER_EVENT = 2;

/** The rows of a diagram of at most so many events. */
export function sequenceOf(spans: readonly SpanRecord[], limit: number): Sequence {
  const { drawn, left } = bounded(inOrder(spans), limit);
  const shown = new Set(drawn.map(({ span }) => span));
  const columnOf = columnsOf(spans.filter((span) => shown.has(span)));
  const open = new Map<SpanRecord, number>();
  const rows = drawn.map(({ span, ...item }): SequenceRow => {
    const column = columnOf.get(span) ?? 0;
    open.set(span, column);
    const row = { ...item, span, column, open: [...new Set(open.values())] };
    if (item.kind === 'end' || item.kind === 'only') open.delete(span);
    return row;
  });
  const units = [...new Set(rows.flatMap(({ span }) => (span.unit === null ? [] : [span.unit])))];
  return {
    rows,
    columns: Math.max(1, ...[...columnOf.values()].map((column) => column + 1)),
    units: units.slice(0, UNIT_LANES),
    others: units.length > UNIT_LANES,
    operator: rows.some(({ span }) => span.unit === null),
    left,
    startedAt: Math.min(...spans.map((span) => span.startedAt)),
  };
}

type Item = { readonly span: SpanRecord; readonly at: number } & (
  { readonly kind: 'start' | 'end' | 'only' } | { readonly kind: 'event'; readonly event: StoredEvent }
);

/** What a step draws. Its outcome stands at its end, so the event that says the same is left out. */
function itemsOf(span: SpanRecord): Item[] {
  const last = span.events.at(-1);
  const said = last?.kind === 'outcome' && span.outcome !== null ? span.events.slice(0, -1) : span.events;
  if (said.length === 0) return [{ span, at: span.startedAt, kind: 'only' }];
  return [
    { span, at: span.startedAt, kind: 'start' },
    ...said.map((event): Item => ({ span, at: event.at, kind: 'event', event })),
    { span, at: span.endedAt, kind: 'end' },
  ];
}

/** Merges the steps by time. A step that was over before another began comes first, whatever the clock's resolution. */
function inOrder(spans: readonly SpanRecord[]): Item[] {
  const waiting = spans.map((span, index) => ({ index, span, items: itemsOf(span), next: 0 }));
  const under: typeof waiting = [];
  const items: Item[] = [];
  waiting.sort((a, b) => a.span.startedAt - b.span.startedAt || a.index - b.index);
  while (waiting.length > 0 || under.length > 0) {
    // Only what has begun by then can be next.
    const soonest = Math.min(...under.map((one) => one.items[one.next]!.at));
    while (waiting.length > 0 && (under.length === 0 || waiting[0]!.span.startedAt <= soonest)) {
      const one = waiting[0]!;
      if (under.some((other) => isBefore(other, one))) break;
      under.push(waiting.shift()!);
    }
    const next = under.reduce((a, b) => (comesFirst(b, a) ? b : a));
    items.push(next.items[next.next]!);
    next.next += 1;
    if (next.next === next.items.length) under.splice(under.indexOf(next), 1);
  }
  return items;
}

interface Place {
  readonly index: number;
  readonly span: SpanRecord;
  readonly items: readonly Item[];
  readonly next: number;
}

function isBefore(a: Place, b: Place): boolean {
  return a.index < b.index && a.span.endedAt <= b.span.startedAt;
}

/** Of two at the same instant, the one that began later: it is what the other, longer one waited for. */
function comesFirst(a: Place, b: Place): boolean {
  const [atA, atB] = [a.items[a.next]!.at, b.items[b.next]!.at];
  if (atA !== atB) return atA < atB;
  if (a.span.startedAt !== b.span.startedAt) return a.span.startedAt > b.span.startedAt;
  return a.index < b.index;
}

/** The first rows, whole steps as far as they were begun: a bracket that was opened is closed. */
function bounded(items: readonly Item[], limit: number): { drawn: Item[]; left: Sequence['left'] } {
  const drawn: Item[] = [];
  const begun = new Set<SpanRecord>();
  const leftOf = new Set<SpanRecord>();
  let [events, left] = [0, 0];
  for (const item of items) {
    const full = events >= limit || drawn.length >= limit * ROWS_PER_EVENT;
    if (full && !(item.kind === 'end' && begun.has(item.span))) {
      leftOf.add(item.span);
      if (item.kind === 'event') left += 1;
      continue;
    }
    begun.add(item.span);
    drawn.push(item);
    if (item.kind === 'event') events += 1;
  }
  return { drawn, left: { events: left, spans: leftOf.size } };
}

/** Brackets side by side where steps overlap, else all in the first column. */
function columnsOf(spans: readonly SpanRecord[]): Map<SpanRecord, number> {
  const columns = new Map<SpanRecord, number>();
  spans.forEach((span, i) => {
    const taken = new Set(spans.slice(0, i).flatMap((other) => (overlap(span, other) ? [columns.get(other)] : [])));
    let column = 0;
    while (taken.has(column) && column < COLUMNS - 1) column += 1;
    columns.set(span, column);
  });
  return columns;
}

/** Spans are recorded in the order of their ends. */
function overlap(later: SpanRecord, earlier: SpanRecord): boolean {
  return later.startedAt < earlier.endedAt;
}
