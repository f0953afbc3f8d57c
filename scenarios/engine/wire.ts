// How a device of a case writes when it does not write as a client library does: in pieces, with something in or behind its CONNECT, or not at
// all any more. Each wraps the stream that is recorded, so that the evidence holds what went out.
import mqttPacket, { type IConnectPacket } from 'mqtt-packet';
import { concat, toHex } from '../../kernel/bytes/concat.ts';
import { overridden } from '../../kernel/bytes/overridden.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { decodePacket } from '../judge/decode.ts';

/** A wrapper of the stream of one connection, for `Bend.wire`. */
export type Wire = (stream: ByteStream) => ByteStream;

/** Every write in pieces of so many bytes: as many segments, or WebSocket frames. */
export function inPieces(size: number): Wire {
  return (stream) =>
    overridden(stream, {
      write(bytes) {
        let hasRoom = true;
        for (let at = 0; at < bytes.length; at += size) hasRoom = stream.write(bytes.slice(at, at + size));
        return hasRoom;
      },
    });
}

/**
 * The CONNECT piece after piece, with a pause between them, so that no carrier joins them again: as many segments, records or frames.
 * What follows goes out as it is written, once the last piece has left.
 * @param wait lets time pass between two pieces
 */
export function trickled(size: number, wait: () => Promise<void>): Wire {
  return (stream) => {
    let isFirst = true;
    let under = Promise.resolve();
    const trickle = async (bytes: Uint8Array): Promise<void> => {
      for (let at = 0; at < bytes.length; at += size) {
        if (at > 0) await wait();
        stream.write(bytes.slice(at, at + size));
      }
    };
    return overridden(stream, {
      write(bytes) {
        if (!isFirst) {
          under = under.then(() => void stream.write(bytes));
          return true;
        }
        isFirst = false;
        under = trickle(bytes);
        return true;
      },
    });
  };
}

/** A stream whose first write, the CONNECT, goes out as `change` makes it. */
function withConnect(change: (bytes: Uint8Array) => Uint8Array): Wire {
  return (stream) => {
    let isFirst = true;
    return overridden(stream, {
      write(bytes) {
        const out = isFirst ? change(bytes) : bytes;
        isFirst = false;
        return stream.write(out);
      },
    });
  };
}

function connectIn(bytes: Uint8Array): IConnectPacket {
  const packet = decodePacket(toHex(bytes));
  if (packet?.cmd !== 'connect') throw new Error('the first bytes of the connection are not one CONNECT');
  return packet;
}

/** The CONNECT of another version of MQTT: 3.1, whose protocol had another name, or 5. */
export function inVersion(version: 3 | 5): Wire {
  const protocolId = version === 3 ? 'MQIsdp' : 'MQTT';
  return withConnect((bytes) => mqttPacket.generate({ ...connectIn(bytes), protocolId, protocolVersion: version }));
}

/** The CONNECT, and `tail` in the same write. */
export function withTail(tail: Uint8Array): Wire {
  return withConnect((bytes) => concat([bytes, tail]));
}

/** The CONNECT with a will, which no unit sets by itself. */
export function withWill(topic: string, text: string): Wire {
  const will = { topic, payload: Buffer.from(text), qos: 0 as const, retain: false };
  return withConnect((bytes) => mqttPacket.generate({ ...connectIn(bytes), will }));
}

/** The CONNECT, and then not a byte more, whatever the session wants to send. */
export const silentAfterConnect: Wire = (stream) => {
  let isFirst = true;
  return overridden(stream, {
    write(bytes) {
      if (!isFirst) return true;
      isFirst = false;
      return stream.write(bytes);
    },
  });
};
