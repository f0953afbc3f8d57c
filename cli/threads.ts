// Worker threads of the command, and the ports between them. Calls go through comlink; devices' bytes go through ports of their own.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { transfer, wrap, type Remote } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { messageOf } from '../kernel/errors.ts';

/** The entries of cli/workers. */
export type ThreadName = 'cell' | 'fleet' | 'stub';

export interface Thread<T> {
  readonly remote: Remote<T>;
  terminate(): Promise<void>;
}

/** A thread whose death is accounted for instead of ending the process. */
export interface MortalThread<T> extends Thread<T> {
  /** Resolves with the reason when the thread ends without having been told to. A call to it is then never answered. */
  readonly death: Promise<string>;
}

/** Opens a thread. A fault in it is a fault of ours and ends the process. */
export function openThread<T>(name: ThreadName): Thread<T> {
  const worker = start(name);
  worker.on('error', (error) => {
    process.nextTick(() => {
      throw error;
    });
  });
  return threadOn<T>(worker);
}

/** Opens a thread that may die: out of memory, a fault of our code, an exit. */
export function openMortalThread<T>(name: ThreadName): MortalThread<T> {
  const worker = start(name);
  const thread = threadOn<T>(worker);
  let ending = false;
  const death = new Promise<string>((resolve) => {
    worker.on('error', (error) => resolve(messageOf(error)));
    worker.once('exit', (code) => {
      if (!ending) resolve(`the thread ended by itself with ${code}`);
    });
  });
  return {
    ...thread,
    death,
    terminate() {
      ending = true;
      return thread.terminate();
    },
  };
}

/** An answer of a thread, or an error of ours when the thread dies before it comes. */
export async function answerOf<R>({ death }: MortalThread<unknown>, answer: Promise<R>): Promise<R> {
  const died = death.then((reason) => {
    throw new Error(`a worker died before the run began: ${reason}`);
  });
  return Promise.race([answer, died]);
}

function start(name: ThreadName): Worker {
  return new Worker(new URL(`./${name}.worker.js`, import.meta.url));
}

function threadOn<T>(worker: Worker): Thread<T> {
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
