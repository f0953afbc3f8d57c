// How large a packet a device takes, told from its header: mqtt-packet keeps all that a header announces, up to 256 MiB, until the last byte
// of it has come.
import { overridden } from '../../kernel/bytes/overridden.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';

/**
 * The largest remaining length that a device takes, bytes. A message of the platform holds 256 KB at most (protocol, section 8) and its topic
 * 128 bytes; four times as much leaves room for a target that is more generous.
 */
export const MAX_REMAINING_LENGTH = 1024 * 1024;
/** Digits of a length; mqtt-packet refuses a fifth (MQTT 3.1.1, 2.2.3). */
const DIGITS = 4;

/** Follows the chunks of one connection, or of several that take turns while it is `between` packets. */
export class PacketLimit {
  /** Bytes of the packet that are still to come, behind its header. */
  #left = 0;
  /** Digits of the length so far; undefined outside a header. */
  #digits: number | undefined;
  #length = 0;

  /** Did the last chunk end where a packet does? */
  get between(): boolean {
    return this.#left === 0 && this.#digits === undefined;
  }

  /** Follows a chunk. Tells why it is not to be taken: a header in it announces too much, and nothing behind that was looked at. */
  follow(bytes: Uint8Array): string | undefined {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const here = Math.min(this.#left, bytes.length - at);
        this.#left -= here;
        at += here;
        continue;
      }
      const byte = bytes[at++] ?? 0;
      if (this.#digits === undefined) {
        this.#digits = 0;
        this.#length = 0;
      } else if (this.#digits < DIGITS) {
        this.#length += (byte & 0x7f) * 0x80 ** this.#digits++;
        if (byte >= 0x80) continue;
        this.#digits = undefined;
        if (this.#length > MAX_REMAINING_LENGTH) return `A packet of ${this.#length} bytes, where a device takes ${MAX_REMAINING_LENGTH}`;
        this.#left = this.#length;
      }
    }
    return undefined;
  }
}

/**
 * The same stream up to the chunk that announces too much; neither that one nor any after it is handed on.
 * @param onFault told once, why
 */
export function limited(stream: ByteStream, onFault: (why: string) => void): ByteStream {
  const limit = new PacketLimit();
  let over = false;
  const attach: ByteStream['attach'] = (handlers) =>
    stream.attach({
      data(bytes) {
        if (over) return;
        const fault = limit.follow(bytes);
        over = fault !== undefined;
        if (fault === undefined) handlers.data(bytes);
        else onFault(fault);
      },
      drain: () => handlers.drain(),
      end: () => handlers.end(),
      close: (ending) => handlers.close(ending),
    });
  return overridden(stream, { attach });
}
