// How a unit reaches a platform. What carries the bytes is a detail of the target; whether they are encrypted is not.
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';

export type Dialled = { readonly ok: true; readonly stream: ByteStream } | { readonly ok: false; readonly outcome: Outcome };

export interface Transport {
  /** Can this target be dialled in clear at all? */
  readonly offersPlain: boolean;
  /** Opens a stream. Never throws: an unreachable target is an outcome. */
  dial(security: 'encrypted' | 'plain'): Promise<Dialled>;
}
