// Worker threads of the command, and the ports between them. Calls go through comlink; devices' bytes go through ports of their own.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { transfer, wrap, type Remote } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

/** The entries of cli/workers. */
export type ThreadName = 'cell' | 'fleet' | 'stub';

export interface Thread<T> {
  readonly remote: Remote<T>;
  terminate(): Promise<void>;
}

/** Opens a thread. A fault in it is a fault of ours and ends the process. */
export function openThread<T>(name: ThreadName): Thread<T> {
  const worker = new Worker(new URL(`./${name}.worker.js`, import.meta.url));
  worker.on('error', (error) => {
    process.nextTick(() => {
      throw error;
    });
  });
  return {
    remote: wrap<T>(nodeEndpoint(worker)),
    terminate: async () => {
      await worker.terminate();
    },
  };
}

/** The two ends of a port, each ready to be handed to a thread. */
export function portPair(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [handOver(port1), handOver(port2)];
}

function handOver(port: MessagePort): MessagePort {
  return transfer(port, [port as never]);
}
