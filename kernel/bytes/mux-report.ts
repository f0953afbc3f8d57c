// What the relay tells of one stream, in the payload of a REPORT frame: JSON, one of three things. Durations are of the relay's clock, so
// that they hold nothing of the way between browser and relay.
import type { Outcome } from '../trace/outcome.ts';

/**
 * How long the relay took to get there, milliseconds: `waitedMs` until the stream had its turn, `tcpMs` from the dial until TCP was up (what is
 * looked up before counts in neither), `tlsMs` from there where it opened TLS.
 */
export interface Opening {
  readonly tcpMs: number;
  readonly tlsMs?: number;
  readonly waitedMs?: number;
}

export type DialFailure = Extract<Outcome, { readonly kind: 'unreachable' | 'silent' | 'local' }>;

export type RelayReport =
  | { readonly up: Opening }
  | { readonly failed: DialFailure }
  /** From the first byte that was sent to the target until its first byte came, milliseconds. */
  | { readonly firstByteMs: number };

const STAGES = new Set(['dns', 'tcp', 'tls', 'ws']);
const LOCAL = new Set(['ports', 'descriptors', 'relay']);

type Fields = Readonly<Record<string, unknown>>;
const isDuration = (value: unknown): value is number => typeof value === 'number' && value >= 0;
const fieldsOf = (value: unknown): Fields | undefined => (typeof value === 'object' && value !== null ? (value as Fields) : undefined);

/** Reads a report; undefined for anything else. */
export function readReport(text: string): RelayReport | undefined {
  let document: Fields | undefined;
  try {
    document = fieldsOf(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (isDuration(document?.['firstByteMs'])) return { firstByteMs: document['firstByteMs'] };
  const up = fieldsOf(document?.['up']);
  if (up && isDuration(up['tcpMs'])) {
    const { tcpMs, tlsMs, waitedMs } = up;
    return { up: { tcpMs, ...(isDuration(tlsMs) ? { tlsMs } : {}), ...(isDuration(waitedMs) ? { waitedMs } : {}) } };
  }
  const failed = fieldsOf(document?.['failed']);
  return failed && isFailure(failed) ? { failed: failed as unknown as DialFailure } : undefined;
}

function isFailure({ kind, stage, code, waitedMs, reason }: Fields): boolean {
  if (kind === 'local') return LOCAL.has(String(reason));
  if (!STAGES.has(String(stage))) return false;
  return kind === 'unreachable' ? typeof code === 'string' : kind === 'silent' && isDuration(waitedMs);
}
