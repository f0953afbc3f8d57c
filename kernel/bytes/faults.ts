// A bad network around any stream, on either side, from a seed: late, slow, in pieces, reset after so many bytes, or half-open. What passes
// is in order and backpressure is kept, so that whatever breaks on it would break on a real one.
import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import { Lane, type LaneFaults } from './faults-lane.ts';
import type { ByteStream, Ending, StreamHandlers } from './stream.ts';

export interface Faults {
  /** Of what this end writes. */
  readonly out?: LaneFaults;
  /** Of what this end receives. */
  readonly in?: LaneFaults;
  /** Both ends see a reset after so many bytes, both directions together; 0 is at once. */
  readonly resetAfter?: number;
  /** After so many bytes of both directions what is accepted vanishes, and nothing comes any more: no data, no end, no reset. */
  readonly halfOpenAfter?: number;
}

/** How a bad network breaks a connection. */
export type BreaksAs = 'reset' | 'half-open';

const RESET: Ending = { by: 'fault', code: 'ECONNRESET' };

/**
 * The stream with a bad network between it and its consumer.
 * @param onBreak told when it breaks the connection: what the consumer sees then is what a peer could have done as well
 */
export function faulty(
  stream: ByteStream,
  faults: Faults,
  clock: Clock,
  random: Random,
  onBreak: (as: BreaksAs) => void = () => undefined,
): ByteStream {
  return new FaultyStream(stream, faults, clock, random, onBreak);
}

class FaultyStream implements ByteStream {
  readonly facts: ByteStream['facts'];
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #out: Lane;
  readonly #in: Lane;
  readonly #breaksAs: BreaksAs;
  readonly #onBreak: (as: BreaksAs) => void;
  #handlers: StreamHandlers | undefined;
  /** Bytes that may still pass before the connection breaks. */
  #left: number;
  #broken = false;
  /** The consumer has said that it writes no more. */
  #ended = false;
  /** The consumer has said that it wants nothing any more. */
  #gone = false;
  #closed = false;
  /** How the stream below ended. */
  #below: Ending | undefined;

  constructor(stream: ByteStream, faults: Faults, clock: Clock, random: Random, onBreak: (as: BreaksAs) => void) {
    const { resetAfter = Infinity, halfOpenAfter = Infinity } = faults;
    this.facts = stream.facts;
    this.#stream = stream;
    this.#clock = clock;
    this.#left = Math.min(resetAfter, halfOpenAfter);
    this.#breaksAs = resetAfter <= halfOpenAfter ? 'reset' : 'half-open';
    this.#onBreak = onBreak;
    const send = (bytes: Uint8Array): boolean => this.#pass(bytes, (part) => stream.write(part));
    const receive = (bytes: Uint8Array): boolean =>
      this.#pass(bytes, (part) => {
        this.#handlers?.data(part);
        return true;
      });
    this.#out = new Lane(clock, random, faults.out ?? {}, send, () => this.#drain());
    this.#in = new Lane(clock, random, faults.in ?? {}, receive, () => stream.resume());
  }

  write(bytes: Uint8Array): boolean {
    // What a half-open connection accepts, vanishes.
    if (this.#ended || this.#gone || this.#broken || this.#closed) return true;
    return this.#out.push(bytes);
  }

  end(): void {
    if (this.#ended || this.#gone || this.#broken) return;
    this.#ended = true;
    this.#out.afterAll(() => this.#stream.end(), true);
  }

  shut(): void {
    if (this.#broken) return this.abort();
    this.#leave();
    this.#out.afterAll(() => this.#stream.shut(), true);
  }

  abort(): void {
    this.#leave();
    this.#out.drop();
    this.#stream.abort();
    // The stream below may have ended long ago, unheard.
    if (this.#broken) this.#clock.turn(() => this.#close({ by: 'local' }));
  }

  pause(): void {
    this.#in.stop();
  }

  resume(): void {
    this.#in.go();
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#stream.attach({
      data: (bytes) => {
        if (!this.#gone && !this.#broken && !this.#in.push(bytes)) this.#stream.pause();
      },
      drain: () => this.#out.go(),
      end: () => {
        if (!this.#gone && !this.#broken) this.#in.afterAll(() => handlers.end(), true);
      },
      close: (ending) => this.#closedBelow(ending),
    });
    if (this.#left <= 0) this.#clock.turn(() => this.#break());
  }

  /** Hands on what may still pass; the byte after it breaks the connection. */
  #pass(bytes: Uint8Array, hand: (part: Uint8Array) => boolean): boolean {
    if (this.#broken || this.#closed) return true;
    const part = bytes.subarray(0, this.#left);
    this.#left -= part.length;
    const more = part.length === 0 || hand(part);
    if (this.#left <= 0) this.#break();
    return more;
  }

  #break(): void {
    if (this.#broken || this.#closed) return;
    this.#broken = true;
    this.#onBreak(this.#breaksAs);
    this.#in.drop();
    this.#out.drop();
    if (this.#breaksAs === 'half-open') return;
    this.#stream.abort();
    this.#clock.turn(() => this.#close(RESET));
  }

  #closedBelow(ending: Ending): void {
    this.#below = ending;
    this.#out.drop();
    // After a reset, and in a half-open connection, it is not the stream below that says how this end sees it.
    if (this.#broken) return;
    if (this.#gone || ending.by === 'fault') {
      this.#in.drop();
      this.#close(ending);
    } else this.#in.afterAll(() => this.#close(ending), false);
  }

  #leave(): void {
    this.#gone = true;
    this.#in.drop();
    // The stream below had ended, and its end was still under way.
    const ending = this.#below;
    if (ending && !this.#broken) this.#clock.turn(() => this.#close(ending));
  }

  #drain(): void {
    if (!this.#closed) this.#handlers?.drain();
  }

  #close(ending: Ending): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.close(ending);
  }
}
