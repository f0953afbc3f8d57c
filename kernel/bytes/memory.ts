// Two ends of a stream that never leaves the thread. Bytes take one turn of the event loop (or more, when told to be slow),
// which is what a virtual clock waits for: see scenarios/engine/virtual-time.ts.
import type { Clock } from '../clock.ts';
import { concat } from './concat.ts';
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from './stream.ts';

/** Bytes a direction may hold before `write` asks its caller to wait. */
const HIGH_WATER = 256 * 1024;

class MemoryEnd implements ByteStream {
  readonly facts: StreamFacts;
  peer!: MemoryEnd;
  readonly #clock: Clock;
  readonly #turns: number;
  #handlers: StreamHandlers | undefined;
  #inbox: Uint8Array[] = [];
  #inboxBytes = 0;
  #peerEnded = false;
  #endDelivered = false;
  #ending = false;
  #endedFirst = false;
  #paused = false;
  #closed: Ending | undefined;
  #closeDelivered = false;
  #scheduled = false;
  #owesDrain = false;

  constructor(facts: StreamFacts, clock: Clock, extraTurns: number) {
    this.facts = facts;
    this.#clock = clock;
    this.#turns = extraTurns + 1;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.#closed) return true;
    return this.peer.#accept(bytes);
  }

  end(): void {
    if (this.#ending || this.#closed) return;
    this.#ending = true;
    this.#endedFirst = !this.peer.#ending;
    this.peer.#peerEnded = true;
    this.peer.#schedule();
    this.#schedule();
  }

  shut(): void {
    if (this.#closed) return;
    this.end();
    this.#close({ by: this.#endedFirst ? 'local' : 'remote' });
  }

  abort(): void {
    if (this.#closed) return;
    this.#close({ by: 'local' });
    this.peer.#reset();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  attach(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#schedule();
  }

  #accept(bytes: Uint8Array): boolean {
    if (this.#closed) return true;
    this.#inbox.push(bytes);
    this.#inboxBytes += bytes.length;
    this.#schedule();
    if (this.#inboxBytes < HIGH_WATER) return true;
    this.#owesDrain = true;
    return false;
  }

  #reset(): void {
    if (this.#closed) return;
    this.#close({ by: 'fault', code: 'ECONNRESET' });
  }

  #close(ending: Ending): void {
    this.#closed = ending;
    // What was not read is lost; a writer that waits for room must not wait for ever.
    this.#inbox = [];
    this.#inboxBytes = 0;
    if (this.#owesDrain) this.#clock.turn(() => this.#drainPeer());
    this.#schedule();
  }

  #drainPeer(): void {
    if (!this.#owesDrain) return;
    this.#owesDrain = false;
    if (!this.peer.#closed) this.peer.#handlers?.drain();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#handlers) return;
    this.#scheduled = true;
    this.#wait(this.#turns);
  }

  #wait(turns: number): void {
    this.#clock.turn(() => {
      if (turns > 1) this.#wait(turns - 1);
      else {
        this.#scheduled = false;
        this.#deliver();
      }
    });
  }

  #deliver(): void {
    const handlers = this.#handlers;
    if (!handlers) return;
    if (!this.#paused && this.#inbox.length > 0 && !this.#closed) {
      const bytes = concat(this.#inbox);
      this.#inbox = [];
      this.#inboxBytes = 0;
      this.#drainPeer();
      handlers.data(bytes);
    }
    if (this.#peerEnded && this.#inbox.length === 0 && !this.#endDelivered && !this.#closed) {
      this.#endDelivered = true;
      handlers.end();
    }
    if (this.#ending && this.#endDelivered && !this.#closed) this.#closed = { by: this.#endedFirst ? 'local' : 'remote' };
    if (this.#closed && !this.#closeDelivered) {
      this.#closeDelivered = true;
      handlers.close(this.#closed);
    }
  }
}

/**
 * A connected pair: what one end writes the other receives, in order, `extraTurns` turns later than it must.
 * @param facts what each end is told; the client's are those of the transport the pair stands for
 */
export function memoryPair(
  clock: Clock,
  client: StreamFacts,
  server: StreamFacts,
  extraTurns = 0,
): [client: ByteStream, server: ByteStream] {
  const a = new MemoryEnd(client, clock, extraTurns);
  const b = new MemoryEnd(server, clock, extraTurns);
  a.peer = b;
  b.peer = a;
  return [a, b];
}
