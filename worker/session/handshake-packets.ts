// The two packets of every connection, CONNECT and CONNACK, without the general codec: of what a load costs they are most. What is unusual
// in them is left to it.
import type { ConnectFields } from './session.ts';

/** The name of the protocol after its length, and the version (MQTT 3.1.1, 3.1.2). */
const PROTOCOL = Uint8Array.of(0, 4, 0x4d, 0x51, 0x54, 0x54, 4);
/** Bits of the connect flags (MQTT 3.1.1, 3.1.2.3): user name and password, and the clean session. */
const WITH_CREDENTIALS = 0xc0;
const CLEAN = 0x02;
/** Up to here a text surely fits into the two bytes of its length, whatever its characters take in UTF-8. */
const LENGTH_MAX = 0xffff / 3;

/**
 * The bytes of a CONNECT of MQTT 3.1.1, the same as of `mqtt-packet`; undefined where its fields are unusual: an empty text, a very long
 * one, a keep-alive that is no whole number of 16 bits.
 */
export function encodeConnect({ clientId, username, password, keepAlive, clean }: ConnectFields): Uint8Array | undefined {
  if (!usual(clientId) || !usual(username) || !usual(password)) return undefined;
  if (!Number.isInteger(keepAlive) || keepAlive < 0 || keepAlive > 0xffff) return undefined;
  const lengths = [Buffer.byteLength(clientId), Buffer.byteLength(username), Buffer.byteLength(password)] as const;
  const remaining = PROTOCOL.length + 3 + 6 + lengths[0] + lengths[1] + lengths[2];
  const sizeBytes = remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : 3;
  const bytes = Buffer.allocUnsafe(1 + sizeBytes + remaining);
  bytes[0] = 0x10;
  let at = 1;
  for (let left = remaining; at <= sizeBytes; left >>= 7) bytes[at++] = (left & 0x7f) | (at <= sizeBytes ? 0x80 : 0);
  bytes.set(PROTOCOL, at);
  at += PROTOCOL.length;
  bytes[at++] = WITH_CREDENTIALS | (clean ? CLEAN : 0);
  at = bytes.writeUInt16BE(keepAlive, at);
  at = put(bytes, at, clientId, lengths[0]);
  at = put(bytes, at, username, lengths[1]);
  put(bytes, at, password, lengths[2]);
  return bytes;
}

function usual(text: string): boolean {
  return text !== '' && text.length <= LENGTH_MAX;
}

function put(bytes: Buffer, at: number, text: string, length: number): number {
  const start = bytes.writeUInt16BE(length, at);
  return start + bytes.write(text, start, length, 'utf8');
}

/** The chunk as a CONNACK of MQTT 3.1.1 and nothing else; undefined for all other bytes, right or wrong. */
export function connackIn(bytes: Uint8Array): { readonly returnCode: number; readonly sessionPresent: boolean } | undefined {
  const [type, length, flags, returnCode] = bytes;
  if (bytes.length !== 4 || type !== 0x20 || length !== 2 || flags === undefined || flags > 1 || returnCode === undefined) return undefined;
  return { returnCode, sessionPresent: flags === 1 };
}
