// The WebSocket to the relay, as a browser opens it.
import { socketCarrier, type Carrier, type SocketLike } from '../../kernel/bytes/carrier.ts';
import type { RelayedTarget } from './mux-websocket.ts';

/** A target, and how the relay is reached: data, so it can be sent to a worker. */
export interface RelayedPage {
  /** `ws://host:port/relay/`. */
  readonly url: string;
  /** Of the relay's run; it travels in a header, never in the URL. */
  readonly token: string;
  readonly target: RelayedTarget;
}

/** Opens it; rejects where the relay is not there or takes no token, between which a browser tells no difference. */
export function openRelay({ url, token }: RelayedPage): Promise<Carrier> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['muster.relay', `token.${token}`]);
    socket.binaryType = 'arraybuffer';
    const carrier = socketCarrier(socket as unknown as SocketLike);
    socket.onopen = () => resolve(carrier);
    socket.onclose = ({ code }) => reject(new Error(`the relay closed with ${code}`));
  });
}
