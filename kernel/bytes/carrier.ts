// What carries a multiplexer: messages of whole frames, in order. A MessagePort between two workers, or a WebSocket to the relay.

/** Called with every message of the other side. */
export interface Carrier {
  /** Sends one message; the buffer is given away. */
  send(message: ArrayBuffer): void;
  receive(handler: (message: ArrayBuffer) => void): void;
  close(): void;
  /** Told once, when the other side has gone; a port never says so. */
  onClosed?(handler: () => void): void;
}

/** The part of a MessagePort that Web Workers and Node's worker threads have in common. */
export interface PortLike {
  postMessage(message: ArrayBuffer, transfer: ArrayBuffer[]): void;
  onmessage: ((event: { data: unknown }) => void) | null;
  close(): void;
}

export function portCarrier(port: PortLike): Carrier {
  return {
    send: (message) => port.postMessage(message, [message]),
    receive(handler) {
      port.onmessage = (event) => {
        if (event.data instanceof ArrayBuffer) handler(event.data);
      };
    },
    close: () => port.close(),
  };
}

/** The part of a WebSocket that browsers and the package `ws` have in common; `binaryType` has to be `arraybuffer`. */
export interface SocketLike {
  readonly readyState: number;
  send(message: ArrayBuffer): void;
  close(): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: (() => void) | null;
}

const OPEN = 1;

/** Carries over a WebSocket that is open, or soon will be. What comes before anybody listens is kept. Text is no frame and is passed over. */
export function socketCarrier(socket: SocketLike): Carrier {
  const early: ArrayBuffer[] = [];
  let handle = (message: ArrayBuffer): void => void early.push(message);
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) handle(data);
  };
  return {
    send(message) {
      // One that is closing takes nothing more, and says so only by a warning.
      if (socket.readyState === OPEN) socket.send(message);
    },
    receive(handler) {
      handle = handler;
      for (const message of early.splice(0)) handler(message);
    },
    close: () => socket.close(),
    onClosed(handler) {
      socket.onclose = handler;
    },
  };
}
