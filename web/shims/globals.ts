// What MQTT.js, aedes and readable-stream expect of the global scope. Every web worker imports this file before anything else: the
// libraries read these names while they load. It stays an ES module, since `vite dev` serves own sources as they are; the shims that
// CommonJS libraries `require` are the .cjs files beside it.
import { Buffer } from 'buffer/';

type Call = (...args: unknown[]) => void;

/**
 * `setImmediate` as Node has it: a task of its own for each call, so that microtasks run in between. A virtual clock depends on it: where
 * calls run as a batch, what one of them starts by way of a promise is not yet to be seen when the clock looks for pending calls, and
 * time overtakes bytes. A MessageChannel, since `setTimeout(0)` is clamped to 4 ms; batches were no faster (measured).
 */
function immediates(): { set: (fn: Call, ...args: unknown[]) => number; clear: (id: number | undefined) => void } {
  const { port1, port2 } = new MessageChannel();
  const waiting = new Map<number, () => void>();
  let last = 0;
  port1.onmessage = ({ data: id }: MessageEvent<number>) => {
    const call = waiting.get(id);
    waiting.delete(id);
    call?.();
  };
  return {
    set(fn, ...args) {
      waiting.set(++last, () => fn(...args));
      port2.postMessage(last);
      return last;
    },
    clear(id) {
      if (id !== undefined) waiting.delete(id);
    },
  };
}

const process = {
  env: {},
  argv: [],
  browser: true,
  version: '',
  versions: {},
  // A microtask. The usual browser shim takes `setTimeout(0)`: half the registrations a second, and a virtual clock would see a timer.
  nextTick(fn: Call, ...args: unknown[]): void {
    queueMicrotask(() => fn(...args));
  },
  cwd: () => '/',
  emitWarning(warning: unknown): void {
    console.warn(warning);
  },
};

if (!('setImmediate' in globalThis)) {
  const { set, clear } = immediates();
  Object.assign(globalThis, { global: globalThis, process, Buffer, setImmediate: set, clearImmediate: clear });
}
