// Registration over HTTPS as a unit sees it (section 3): the request that it sends, the answer that came, and what that means. Who owns the
// socket is another file.
import { concat } from '../../kernel/bytes/concat.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { tapped } from '../../kernel/bytes/tap.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { TraceSink } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { parseHttpReply } from '../../protocol/http-register.ts';
import type { SecretReply } from '../../protocol/payload.ts';

export interface HttpRequest {
  readonly body: string;
  /** None where it is null. */
  readonly contentType: string | null;
  /** Over TLS unless told. */
  readonly security?: 'plain';
}

export type HttpAnswered =
  { readonly ok: true; readonly status: number; readonly body: Uint8Array } | { readonly ok: false; readonly outcome: Outcome };

export interface HttpsRegistrar {
  /** POSTs a form to the registration host, on a connection of its own that `observe` sees. Never throws. */
  post(request: HttpRequest, observe: (stream: ByteStream) => ByteStream): Promise<HttpAnswered>;
}

/** Keeps the bytes of one exchange; `done` hands them over, whole, so that how they were cut into chunks does not matter. */
export function exchangeOf(conn: number, clock: Clock, sink: TraceSink): { observe(stream: ByteStream): ByteStream; done(): void } {
  const seen = { out: [] as Uint8Array[], in: [] as Uint8Array[] };
  return {
    observe(stream) {
      sink({ at: clock.now(), kind: 'opened', conn, facts: stream.facts });
      return tapped(stream, {
        sent: (bytes) => seen.out.push(bytes.slice()),
        received: (bytes) => seen.in.push(bytes.slice()),
        closed: () => undefined,
      });
    },
    done() {
      for (const dir of ['out', 'in'] as const) {
        if (seen[dir].length > 0) sink({ at: clock.now(), kind: 'bytes', conn, dir, bytes: concat(seen[dir]) });
      }
    },
  };
}

const OK = 200;

/** What an answer says: credentials, a code that refuses, or nothing that a device could read. */
export function readAnswer(answered: HttpAnswered): Outcome | SecretReply {
  if (!answered.ok) return answered.outcome;
  try {
    const { code, reply } = parseHttpReply(answered.body);
    return reply ?? { kind: 'refused', by: 'http', code };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    // Without a body of the contract only the status says anything.
    return answered.status === OK
      ? { kind: 'malformed', what: 'http', why: error.message }
      : { kind: 'refused', by: 'http', code: answered.status };
  }
}
