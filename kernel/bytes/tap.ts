// Listening on a stream without changing it: how the trace sees the bytes that really passed.
import type { ByteStream, Ending } from './stream.ts';

export interface Tap {
  sent(bytes: Uint8Array): void;
  received(bytes: Uint8Array): void;
  closed(ending: Ending): void;
}

/** The same stream; `tap` is told of every byte in the order in which it passed this end. */
export function tapped(stream: ByteStream, tap: Tap): ByteStream {
  return {
    facts: stream.facts,
    write(bytes) {
      tap.sent(bytes);
      return stream.write(bytes);
    },
    end: () => stream.end(),
    shut: () => stream.shut(),
    abort: () => stream.abort(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    attach(handlers) {
      stream.attach({
        data(bytes) {
          tap.received(bytes);
          handlers.data(bytes);
        },
        drain: () => handlers.drain(),
        end: () => handlers.end(),
        close(ending) {
          tap.closed(ending);
          handlers.close(ending);
        },
      });
    },
  };
}
