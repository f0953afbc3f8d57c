// What carries a multiplexer: messages of whole frames, in order. Here: a MessagePort between two workers.

/** Called with every message of the other side. */
export interface Carrier {
  /** Sends one message; the buffer is given away. */
  send(message: ArrayBuffer): void;
  receive(handler: (message: ArrayBuffer) => void): void;
  close(): void;
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
