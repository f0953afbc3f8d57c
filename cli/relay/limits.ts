// How much of it a relay lends: streams, new ones a second, bytes under way. Whatever is beyond is refused as throttled.
import type { Clock } from '../../kernel/clock.ts';

export interface RelayLimits {
  /** WebSockets at once. */
  readonly carriers: number;
  readonly streamsPerCarrier: number;
  readonly streams: number;
  /** CONNECTs a second in the long run, and at once after a rest, whatever becomes of them. */
  readonly perSecond: number;
  readonly burst: number;
  /** Bytes from clients that targets have not taken yet. */
  readonly bufferPerStream: number;
  readonly bufferPerCarrier: number;
  /** Bytes on the way to a client at which neither it nor its targets are read any further, and at which they are read again. */
  readonly congestedAt: number;
  readonly relievedAt: number;
  /** Bytes on the way to a client at which it is dropped; what is under way when it is full stays far below. */
  readonly sendMax: number;
  /** Longest message that is taken. */
  readonly messageMax: number;
  /** Dials under way to one target, however far it is and however near, and for how many a second there is room at its quickest. */
  readonly dials: number;
  readonly dialsAtLeast: number;
  readonly dialsPerSecond: number;
  /** How long one counts as such, milliseconds. */
  readonly dialHoldMs: number;
  /** How long a target may take to be up, and a client to introduce itself, milliseconds. */
  readonly dialMs: number;
  readonly handshakeMs: number;
  /** How long a target may take for what came before its client ended, milliseconds. */
  readonly lingerMs: number;
  /** How long a client that was hung up on may take to go, milliseconds. */
  readonly hangUpMs: number;
}

const MIB = 1024 * 1024;

export const RELAY_LIMITS: RelayLimits = {
  carriers: 16,
  streamsPerCarrier: 10_000,
  streams: 20_000,
  perSecond: 5_000,
  // A fleet that comes back all at once.
  burst: 10_000,
  // A client that keeps to its credit cannot exceed it: 64 frames of 16 KiB, twice. Of a carrier it can, where many targets stand still.
  bufferPerStream: 2 * MIB,
  bufferPerCarrier: 32 * MIB,
  congestedAt: 4 * MIB,
  relievedAt: MIB,
  sendMax: 64 * MIB,
  messageMax: MIB,
  // Thousands of handshakes at once would all be ready last; a target that stalls must not keep others waiting for long either.
  dials: 128,
  dialsAtLeast: 16,
  dialsPerSecond: 2_000,
  dialHoldMs: 500,
  dialMs: 10_000,
  handshakeMs: 5_000,
  lingerMs: 10_000,
  hangUpMs: 1_000,
};

/** Counts streams over all carriers, and how fast they come. */
export class Quota {
  streams = 0;
  readonly #limits: RelayLimits;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  constructor(limits: RelayLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burst;
    this.#filledAt = clock.now();
  }

  /** Somebody asks for a stream; false where too many have of late. */
  arrives(): boolean {
    const { perSecond, burst } = this.#limits;
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes the place of one more stream; false where there is none. */
  take(): boolean {
    if (this.streams >= this.#limits.streams) return false;
    this.streams += 1;
    return true;
  }

  release(): void {
    this.streams -= 1;
  }
}
