// What one client may ask of the MQTT front. Some bounds always hold, so that no client can stop the others; the published limits
// (section 8) hold where `limits: vendor` turns them on.
import {
  DOWNLINK_PER_SECOND,
  FILTERS_PER_SUBSCRIBE,
  MESSAGE_BYTES_MAX,
  SUBSCRIPTIONS_PER_DEVICE,
  TOPIC_BYTES_MAX,
  TOPIC_SLASHES_MAX,
  UPLINK_QOS0_PER_SECOND,
  UPLINK_QOS1_PER_SECOND,
} from '../../protocol/limits.ts';

export interface Bounds {
  /** Bytes of a whole packet. */
  readonly packetBytes: number;
  readonly payloadBytes: number;
  readonly topicBytes: number;
  readonly topicSlashes: number;
  readonly subscriptions: number;
  readonly filtersPerSubscribe: number;
  /** Messages a second, by QoS. */
  readonly uplinks: readonly [number, number];
  /** Messages a second to one device. */
  readonly downlinks: number;
}

/** Ours: four times the largest message that the vendor takes. */
const PACKET_BYTES = 4 * MESSAGE_BYTES_MAX;
const SUBSCRIPTIONS = 1000;

const OFF: Bounds = {
  packetBytes: PACKET_BYTES,
  payloadBytes: PACKET_BYTES,
  topicBytes: Infinity,
  topicSlashes: Infinity,
  subscriptions: SUBSCRIPTIONS,
  filtersPerSubscribe: SUBSCRIPTIONS,
  uplinks: [Infinity, Infinity],
  downlinks: Infinity,
};

const VENDOR: Bounds = {
  packetBytes: PACKET_BYTES,
  payloadBytes: MESSAGE_BYTES_MAX,
  topicBytes: TOPIC_BYTES_MAX,
  topicSlashes: TOPIC_SLASHES_MAX,
  subscriptions: SUBSCRIPTIONS_PER_DEVICE,
  filtersPerSubscribe: FILTERS_PER_SUBSCRIBE,
  uplinks: [UPLINK_QOS0_PER_SECOND, UPLINK_QOS1_PER_SECOND],
  downlinks: DOWNLINK_PER_SECOND,
};

export const boundsOf = (limits: 'off' | 'vendor'): Bounds => (limits === 'off' ? OFF : VENDOR);

/**
 * Follows the fixed headers of a stream (MQTT 3.1.1, section 2.2) and tells how long the longest packet is that it announced so far, so
 * that an oversized one is known by its header and not when memory is full of it.
 */
export class PacketMeter {
  /** Bytes of the current packet that are still to come. */
  #left = 0;
  /** The header being read: bytes of it seen, and the length so far. */
  #headerBytes = 0;
  #length = 0;
  /** Packets that are whole so far. */
  completed = 0;

  /** The longest packet, in bytes of its remaining length, that begins in `bytes`. */
  push(bytes: Uint8Array): number {
    let longest = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        if (this.#left === 0) this.completed += 1;
        continue;
      }
      const byte = bytes[at++] as number;
      if (this.#headerBytes > 0) this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 1);
      const isLast = this.#headerBytes > 0 && (byte & 0x80) === 0;
      this.#headerBytes += 1;
      longest = Math.max(longest, this.#length);
      // Five bytes of length are no MQTT; whoever parses it will say so.
      if (!isLast && this.#headerBytes < 5) continue;
      this.#left = this.#length;
      if (this.#left === 0) this.completed += 1;
      this.#length = 0;
      this.#headerBytes = 0;
    }
    return longest;
  }
}

/** Counts messages of one connection in the current second. */
export class Pace {
  #second = 0;
  #count = 0;

  /** One more: is it within `most` a second? */
  admits(most: number, now: number): boolean {
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= most;
  }
}
