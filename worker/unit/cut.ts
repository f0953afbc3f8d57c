// A stream that breaks after so many bytes came in: what a reset at the worst moment looks like to a device, the same on every carrier.
import type { ByteStream } from '../../kernel/bytes/stream.ts';

/** The same stream, reset by the device once `bytes` bytes have been received; what came after them is never seen. */
export function cutAfter(stream: ByteStream, bytes: number): ByteStream {
  let left = bytes;
  return {
    facts: stream.facts,
    write: (out) => stream.write(out),
    end: () => stream.end(),
    shut: () => stream.shut(),
    abort: () => stream.abort(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    attach(handlers) {
      stream.attach({
        data(arrived) {
          if (left <= 0) return;
          const seen = arrived.subarray(0, left);
          left -= seen.length;
          handlers.data(seen);
          if (left <= 0) stream.abort();
        },
        drain: () => handlers.drain(),
        end: () => handlers.end(),
        close: (ending) => handlers.close(ending),
      });
    },
  };
}
