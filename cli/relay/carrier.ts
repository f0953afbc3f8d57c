// Carries over a WebSocket of the server, and bounds what waits for a client that does not read: its targets wait, then it does itself.
import type { WebSocket } from 'ws';
import type { Carrier } from '../../kernel/bytes/carrier.ts';
import type { RelayLimits } from './limits.ts';

/** What a message costs beside its bytes until it has left: of small ones that is nearly all (measured: 464 bytes). */
const MESSAGE_COST = 512;

/**
 * @param congested told when so much is on the way to the client that its targets should wait, and when they may go on
 * @param hungUp    told when it was closed from here
 */
export function webSocketCarrier(
  socket: WebSocket,
  { congestedAt, relievedAt, sendMax }: Pick<RelayLimits, 'congestedAt' | 'relievedAt' | 'sendMax'>,
  congested: (full: boolean) => void,
  hungUp: () => void,
): Carrier & { isFull(): boolean } {
  let full = false;
  let messages = 0;
  const waiting = (): number => socket.bufferedAmount + messages * MESSAGE_COST;
  const sent = (): void => {
    messages -= 1;
    if (!full || waiting() > relievedAt) return;
    full = false;
    socket.resume();
    congested(false);
  };
  socket.binaryType = 'arraybuffer';
  return {
    isFull: () => full,
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      messages += 1;
      socket.send(message, sent);
      const now = waiting();
      if (now > sendMax) return socket.terminate();
      if (full || now < congestedAt) return;
      full = true;
      // What it asks meanwhile would be answered, and the answers would wait as well.
      socket.pause();
      congested(true);
    },
    receive(handler) {
      socket.on('message', (data, isBinary) => {
        if (isBinary) handler(data as ArrayBuffer);
      });
    },
    close() {
      socket.close();
      hungUp();
    },
    onClosed: (handler) => void socket.on('close', handler),
  };
}
