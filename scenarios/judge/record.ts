// The evidence of one case: named spans of the trace, as they are stored and as every oracle reads them.
import { toHex } from '../../kernel/bytes/concat.ts';
import type { Json, TraceBody, TraceEvent, Verb } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { Redactor } from '../../kernel/trace/redact.ts';

/** What happened in a span: a verb of a unit, an operator's action, or watching while time passed. */
export type SpanVerb = Verb | 'boot' | 'operator' | 'watch';

/** An event with its bytes as hex, secrets replaced. */
export type StoredEvent = { readonly at: number } & (
  | Exclude<TraceBody, { readonly bytes: Uint8Array }>
  | { readonly kind: 'packet' | 'bytes'; readonly conn: number; readonly dir: 'out' | 'in'; readonly hex: string }
);

export interface SpanRecord {
  /** Unique within the case. */
  readonly name: string;
  /** The device the span is about; null for an operator. */
  readonly unit: string | null;
  readonly verb: SpanVerb;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** How the attempt ended; null where the verb has no outcome. */
  readonly outcome: Outcome | null;
  /** What an operator read, or a witness knows. */
  readonly facts: { readonly [key: string]: Json };
  readonly events: readonly StoredEvent[];
}

export interface CaseRecord {
  readonly case: string;
  readonly seed: string;
  readonly spans: readonly SpanRecord[];
  /** Why driving ended early, if it did: a fault of the harness, never a verdict. */
  readonly fault: string | null;
}

/** The span that says how long the program stood still which drove the case: `facts.stalledMs`. It is there only where it did. */
export const THIS_MACHINE = 'this machine';

/** An event as it may be stored. */
export function stored(event: TraceEvent, redactor: Redactor): StoredEvent {
  if (!('bytes' in event)) return event;
  const { kind, conn, dir, at } = event;
  return { at, kind, conn, dir, hex: toHex(redactor.bytes(event.bytes)) };
}
