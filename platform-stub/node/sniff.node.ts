// What does a client speak that has just connected? Its first byte tells (section 1.3: 1883 and 443 serve several protocols each).
import type { Socket } from 'node:net';
import type { Clock } from '../../kernel/clock.ts';

/** `unknown` includes a client that left, or said nothing in time. */
export type Spoken = 'tls' | 'mqtt' | 'http' | 'unknown';

const TLS_HANDSHAKE = 0x16;
const MQTT_CONNECT = 0x10;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

function spokenBy(first: number | undefined): Spoken {
  if (first === TLS_HANDSHAKE) return 'tls';
  if (first === MQTT_CONNECT) return 'mqtt';
  // The first letter of an HTTP method.
  return first !== undefined && first >= UPPER_A && first <= UPPER_Z ? 'http' : 'unknown';
}

/**
 * Calls `then` once with what the client speaks; the byte that told it stays in the socket. The socket needs an `error` listener already.
 * @param waitMs how long the first byte may take
 */
export function sniff(socket: Socket, clock: Clock, waitMs: number, then: (spoken: Spoken) => void): void {
  const timer = clock.after(waitMs, () => finish('unknown'));
  const finish = (spoken: Spoken): void => {
    timer.cancel();
    socket.removeListener('readable', peek);
    socket.removeListener('close', gone);
    then(spoken);
  };
  const gone = (): void => finish('unknown');
  const peek = (): void => {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    socket.unshift(bytes);
    finish(spokenBy(bytes[0]));
  };
  socket.on('readable', peek);
  socket.on('close', gone);
}
