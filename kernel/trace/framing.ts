// Where one MQTT packet ends and the next begins (MQTT 3.1.1 section 2.2), so that evidence does not depend on how bytes were cut
// into chunks. It reads the fixed header only; what a packet means is decoded where it is shown or judged.
import { concat } from '../bytes/concat.ts';

/** Longest remaining length that MQTT can state, plus the fixed header. */
const MAX_PACKET = 268_435_455 + 5;

/** So much is kept of what is no packet, or a larger one than any device takes: whoever floods a connection must not fill our memory. */
export const REST_MAX = 2 * 1024 * 1024;

/**
 * A splitter of one direction. `push` returns the packets that are complete now; `rest` what is left, which is evidence too.
 */
export class PacketFramer {
  #pending: Uint8Array[] = [];
  #size = 0;
  /** Bytes that the packet at the front needs; fewer are not looked at again. */
  #wanted = 0;
  #broken = false;

  push(bytes: Uint8Array): Uint8Array[] {
    if (bytes.length === 0 || this.#isFull()) return [];
    this.#pending.push(bytes);
    this.#size += bytes.length;
    if (this.#broken || this.#size < this.#wanted) return [];
    this.#wanted = 0;
    const packets: Uint8Array[] = [];
    let buffer = concat(this.#pending);
    for (;;) {
      const length = packetLength(buffer);
      if (length === 'broken') this.#broken = true;
      if (typeof length === 'number' && length > buffer.length) this.#wanted = length;
      if (typeof length !== 'number' || length > buffer.length) break;
      packets.push(buffer.subarray(0, length));
      buffer = buffer.subarray(length);
    }
    this.#pending = buffer.length > 0 ? [buffer] : [];
    this.#size = buffer.length;
    return packets;
  }

  /** Is what is missing not to come, or too much to wait for, and enough kept of it as evidence? */
  #isFull(): boolean {
    return this.#size >= REST_MAX && (this.#broken || this.#wanted > REST_MAX);
  }

  /** Takes what never became a packet. */
  rest(): Uint8Array {
    const rest = this.#size > 0 ? concat(this.#pending) : new Uint8Array(0);
    this.#pending = [];
    this.#size = 0;
    this.#wanted = 0;
    return rest;
  }
}

/** Bytes of the packet that starts at 0; undefined while the header is incomplete; 'broken' where no packet can start so. */
function packetLength(buffer: Uint8Array): number | undefined | 'broken' {
  let length = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = buffer[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (i - 1);
    if ((byte & 0x80) === 0) {
      const whole = 1 + i + length;
      return whole > MAX_PACKET ? 'broken' : whole;
    }
  }
  return 'broken';
}
