// A consumer that writes down what a stream told it.
import { concat } from './concat.ts';
import type { ByteStream, Ending, StreamFacts } from './stream.ts';

export const FACTS: StreamFacts = { kind: 'memory', encrypted: true, peer: 'platform', port: 8883 };

export class Listener {
  readonly chunks: Uint8Array[] = [];
  /** `data`, `drain`, `end`, `close` in the order in which they came; data in a row counts once. */
  readonly log: string[] = [];
  readonly closes: Ending[] = [];
  /** Called within the call of the same name. */
  onData: ((bytes: Uint8Array) => void) | undefined;
  onEnd: (() => void) | undefined;
  readonly #whenClosed: ((ending: Ending) => void)[] = [];

  /** @param answersEnd end the stream when the peer has ended, as a consumer with nothing more to say does */
  constructor(stream: ByteStream, answersEnd = true) {
    stream.attach({
      data: (bytes) => {
        this.chunks.push(bytes);
        if (this.log.at(-1) !== 'data') this.log.push('data');
        this.onData?.(bytes);
      },
      drain: () => this.log.push('drain'),
      end: () => {
        this.log.push('end');
        this.onEnd?.();
        if (answersEnd) stream.end();
      },
      close: (ending) => {
        this.log.push('close');
        this.closes.push(ending);
        for (const done of this.#whenClosed) done(ending);
      },
    });
  }

  get bytes(): Uint8Array {
    return concat(this.chunks);
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  closed(): Promise<Ending> {
    const [ending] = this.closes;
    return ending ? Promise.resolve(ending) : new Promise((resolve) => this.#whenClosed.push(resolve));
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
