// A stream that differs from another in a few methods.
import type { ByteStream } from './stream.ts';

/** The same stream with methods of one's own. Never spread a stream: an instance of a class would lose its methods. */
export function overridden(stream: ByteStream, own: Partial<ByteStream>): ByteStream {
  return {
    facts: stream.facts,
    write: (bytes) => stream.write(bytes),
    end: () => stream.end(),
    shut: () => stream.shut(),
    abort: () => stream.abort(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    attach: (handlers) => stream.attach(handlers),
    ...own,
  };
}
