// One direction of a faulty stream: bytes wait their time and leave in order, in pieces, never faster than the link or than who reads them.
import type { Clock, Timer } from '../clock.ts';
import type { Random } from '../random.ts';

/** What happens to the bytes of one direction; an empty object changes nothing but that they take a turn. */
export interface LaneFaults {
  /** Every byte is under way so long, milliseconds. */
  readonly delayMs?: number;
  /** Up to so much longer, drawn for each piece; bytes never overtake each other. */
  readonly jitterMs?: number;
  readonly bytesPerSecond?: number;
  /** What was one write arrives in pieces of 1 to so many bytes, each in a turn of its own. */
  readonly sliceMax?: number;
}

/** Bytes a lane holds before its writer is asked to wait. */
const HIGH_WATER = 64 * 1024;

/** Bytes, or what is to happen after those before it. */
interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly then?: () => void;
}

export class Lane {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #faults: LaneFaults;
  readonly #deliver: (bytes: Uint8Array) => boolean;
  readonly #room: () => void;
  #queue: Piece[] = [];
  #held = 0;
  #owesRoom = false;
  #stopped = false;
  /** When the link is free again, and when the last piece arrives. */
  #freeAt = 0;
  #lastAt = 0;
  #timer: Timer | undefined;
  #turning = false;

  /**
   * @param deliver hands a piece on; false asks the lane to wait for `go`
   * @param room    called once after `push` has returned false and there is room again
   */
  constructor(clock: Clock, random: Random, faults: LaneFaults, deliver: (bytes: Uint8Array) => boolean, room: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
    this.#deliver = deliver;
    this.#room = room;
  }

  /** Takes bytes; false when its writer should wait for room. */
  push(bytes: Uint8Array): boolean {
    for (const piece of this.#sliced(bytes)) this.#queue.push({ bytes: piece, at: this.#arrival(piece.length) });
    this.#held += bytes.length;
    this.#pump();
    if (this.#held < HIGH_WATER) return true;
    this.#owesRoom = true;
    return false;
  }

  stop(): void {
    this.#stopped = true;
  }

  go(): void {
    this.#stopped = false;
    this.#pump();
  }

  /**
   * Calls `fn` after all bytes have left, however long `stop` lasts if there are none.
   * @param travels it takes the way that bytes take, and their time
   */
  afterAll(fn: () => void, travels: boolean): void {
    const at = travels ? this.#arrival(0) : this.#lastAt;
    if (this.#queue.length === 0 && at <= this.#clock.now()) return fn();
    this.#queue.push({ bytes: new Uint8Array(0), at, then: fn });
    this.#pump();
  }

  /** Loses what it holds, and forgets who waits for it. */
  drop(): void {
    this.#queue = [];
    this.#held = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    // A writer that waits for room must not wait for ever.
    if (this.#owesRoom) this.#clock.turn(() => this.#giveRoom());
  }

  #giveRoom(): void {
    if (!this.#owesRoom) return;
    this.#owesRoom = false;
    this.#room();
  }

  *#sliced(bytes: Uint8Array): Generator<Uint8Array> {
    const { sliceMax } = this.#faults;
    let at = 0;
    while (at < bytes.length) {
      const length = sliceMax === undefined ? bytes.length : 1 + this.#random.below(Math.max(1, sliceMax));
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }

  #arrival(length: number): number {
    const { delayMs = 0, jitterMs = 0, bytesPerSecond } = this.#faults;
    const sent = bytesPerSecond === undefined ? 0 : (length * 1000) / bytesPerSecond;
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now()) + sent;
    this.#lastAt = Math.max(this.#lastAt, this.#freeAt + delayMs + (jitterMs > 0 ? this.#random.float() * jitterMs : 0));
    return this.#lastAt;
  }

  #pump(): void {
    const [head] = this.#queue;
    if (!head || this.#holds(head) || this.#timer || this.#turning) return;
    const wait = head.at - this.#clock.now();
    if (wait <= 0) {
      this.#turning = true;
      this.#clock.turn(() => {
        this.#turning = false;
        this.#step();
      });
      return;
    }
    // Timers count whole milliseconds: rounded down it would fire early.
    this.#timer = this.#clock.after(Math.ceil(wait), () => {
      this.#timer = undefined;
      this.#step();
    });
  }

  #step(): void {
    const [head] = this.#queue;
    if (!head || this.#holds(head)) return;
    if (head.at <= this.#clock.now()) {
      this.#queue.shift();
      this.#held -= head.bytes.length;
      if (head.then) head.then();
      else if (!this.#deliver(head.bytes)) this.#stopped = true;
      if (this.#held < HIGH_WATER / 2) this.#giveRoom();
    }
    this.#pump();
  }

  #holds(piece: Piece): boolean {
    return this.#stopped && piece.then === undefined;
  }
}
