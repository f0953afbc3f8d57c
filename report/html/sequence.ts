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

/**
 * The rows of a diagram of at most so many events.
 * @param first names of the steps that are wanted most, where not all have a place; of the others the earliest are drawn
 */
export function sequenceOf(spans: readonly SpanRecord[], limit: number, first: readonly string[] = []): Sequence {
  const chosen = choose(spans, limit, first);
  const drawn = inOrder(chosen);
  const columnOf = columnsOf(chosen.map(({ span }) => span));
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
    left: {
      events: sum(spans, (span) => eventsOf(span).length) - sum(chosen, ({ events }) => events.length),
      spans: spans.length - sum(chosen, ({ span, events }) => Number(events.length === eventsOf(span).length)),
    },
    startedAt: spans.reduce((soonest, span) => Math.min(soonest, span.startedAt), Infinity),
  };
}

type Item = { readonly span: SpanRecord; readonly at: number } & (
  { readonly kind: 'start' | 'end' | 'only' } | { readonly kind: 'event'; readonly event: StoredEvent }
);

/** A step that is drawn, with those of its events that are. */
interface Chosen {
  readonly span: SpanRecord;
  readonly events: readonly StoredEvent[];
}

/** What a step draws. Its outcome stands at its end, so the event that says the same is left out. */
function eventsOf(span: SpanRecord): readonly StoredEvent[] {
  return span.events.at(-1)?.kind === 'outcome' && span.outcome !== null ? span.events.slice(0, -1) : span.events;
}

/** The steps that have a place, in their own order; the last that is chosen may be cut short. */
function choose(spans: readonly SpanRecord[], limit: number, first: readonly string[]): Chosen[] {
  const rank = new Map(first.map((name, i) => [name, i]));
  const rankOf = (span: SpanRecord): number => rank.get(span.name) ?? first.length;
  const chosen = new Map<SpanRecord, Chosen>();
  let room = limit;
  for (const span of spans.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    if (room <= 0) break;
    const events = eventsOf(span);
    chosen.set(span, { span, events: events.slice(0, room) });
    room -= Math.max(1, events.length);
  }
  return spans.flatMap((span) => chosen.get(span) ?? []);
}

function itemsOf({ span, events }: Chosen): Item[] {
  if (events.length === 0) return [{ span, at: span.startedAt, kind: 'only' }];
  return [
    { span, at: span.startedAt, kind: 'start' },
    ...events.map((event): Item => ({ span, at: event.at, kind: 'event', event })),
    { span, at: span.endedAt, kind: 'end' },
  ];
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((total, one) => total + of(one), 0);
}

/** Merges the steps by time. A step that was over before another began comes first, whatever the clock's resolution. */
function inOrder(chosen: readonly Chosen[]): Item[] {
  const waiting = chosen.map((one, index) => ({ index, span: one.span, items: itemsOf(one), next: 0 }));
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
