// A byte stream over an accepted WebSocket: MQTT is cut into frames anyhow (MQTT 3.1.1, section 6), so frames are only chunks here.
import type { WebSocket } from 'ws';
import type { ByteStream, Ending, StreamFacts, StreamHandlers } from '../../kernel/bytes/stream.ts';

/** Bytes under way at which a writer is asked to wait. */
const HIGH_WATER = 256 * 1024;
/** WebSocket close codes (RFC 6455, section 7.4.1). */
const NORMAL = 1000;
const NOT_BINARY = 1003;

/** The stream of an open WebSocket. A text frame ends it: MQTT travels in binary frames [MQTT-6.0.0-1]. */
export function webSocketStream(socket: WebSocket, facts: StreamFacts): ByteStream {
  let handlers: StreamHandlers | undefined;
  let ending: Ending | undefined;
  let closed = false;
  let owesDrain = false;
  const finish = (): void => {
    if (!closed || !handlers) return;
    const how = ending ?? { by: 'remote' };
    // What came before an orderly end is still to be read.
    if (how.by === 'remote') handlers.end();
    handlers.close(how);
  };
  const leave = (code: number, reason?: string): void => {
    ending ??= { by: 'local' };
    socket.close(code, reason);
  };
  // Nothing may arrive before there is somebody to take it.
  socket.pause();
  socket.on('message', (data, isBinary) => {
    if (!isBinary) leave(NOT_BINARY, 'MQTT travels in binary frames');
    else if (!ending) handlers?.data(data as Buffer);
  });
  socket.on('error', (error: Error & { code?: string }) => {
    ending ??= { by: 'fault', code: error.code ?? error.message };
  });
  socket.on('close', () => {
    closed = true;
    finish();
  });
  const sent = (): void => {
    if (!owesDrain || socket.bufferedAmount >= HIGH_WATER) return;
    owesDrain = false;
    handlers?.drain();
  };
  return {
    facts,
    write(bytes) {
      if (socket.readyState !== socket.OPEN) return true;
      socket.send(bytes, { binary: true }, sent);
      owesDrain = socket.bufferedAmount >= HIGH_WATER;
      return !owesDrain;
    },
    // A WebSocket has no half-closed state.
    end: () => leave(NORMAL),
    shut: () => leave(NORMAL),
    abort() {
      ending ??= { by: 'local' };
      socket.terminate();
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    attach(next) {
      handlers = next;
      if (closed) finish();
      else socket.resume();
    },
  };
}
