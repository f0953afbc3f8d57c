// How the console reaches a platform: the in-page one through comlink, the stub beside the app over HTTP. One interface for both.
import { proxy, type Remote } from 'comlink';
import type { LogEntry } from '../../platform-stub/core/log.ts';
import type { OperatorCommand, OperatorResult } from '../../platform-stub/core/operate.ts';
import type { StubWorker } from '../workers/stub.worker.ts';

export type LogListener = (entries: readonly LogEntry[]) => void;

export interface OperatorLink {
  /** Rejects where the platform cannot be reached; what it refuses is a result. */
  operate(command: OperatorCommand): Promise<OperatorResult>;
  /** Told of new log entries until the function returned is called; of none of them when the connection came back or went away. */
  onLog(told: LogListener): () => void;
}

/** What `GET /session` tells of the stub beside the app. */
export interface Session {
  readonly operator: { readonly path: string; readonly token: string };
  readonly stub: { readonly mqtts: number; readonly wss: number };
}

const SESSION_PATH = '/session';
const UNAUTHORISED = 401;
/** The command was read and refused for what it says; any other status but 200 is about the access. */
const NOT_A_COMMAND: readonly number[] = [400, 413];
/** Pauses before the event stream is opened again, milliseconds. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

interface Asked {
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

function tellAll(listeners: ReadonlySet<LogListener>, entries: readonly LogEntry[]): void {
  for (const told of listeners) told(entries);
}

/**
 * @param ready the worker has started its platform
 * @param ended rejects when the worker is gone: what was asked of it is answered no more
 */
export function workerLink(stub: Remote<StubWorker>, ready: Promise<unknown>, ended: Promise<never>): OperatorLink {
  const listeners = new Set<LogListener>();
  let subscribed = false;
  // The platform keeps every listener for good, so it gets one.
  const subscribe = (): void => {
    if (subscribed) return;
    subscribed = true;
    ready.then(() => stub.onLog(proxy((entries: readonly LogEntry[]) => tellAll(listeners, entries)))).catch(() => undefined);
  };
  return {
    operate(command) {
      const answered = async (): Promise<OperatorResult> => {
        await ready;
        return stub.operate(command);
      };
      return Promise.race([answered(), ended]);
    },
    onLog(told) {
      listeners.add(told);
      subscribe();
      return () => void listeners.delete(told);
    },
  };
}

/** The stub beside the app; null where the app is served without one. */
export async function findSession(): Promise<Session | null> {
  try {
    const response = await fetch(SESSION_PATH, { headers: { Accept: 'application/json' }, cache: 'no-store' });
    if (!response.ok || !(response.headers.get('Content-Type') ?? '').includes('json')) return null;
    const session = (await response.json()) as Partial<Record<keyof Session, unknown>> | null;
    return session?.operator && session.stub ? (session as Session) : null;
  } catch {
    return null;
  }
}

/** The token stays in this closure: it is in no URL, no storage and no message. */
export function httpLink(found: Session): OperatorLink {
  let session = found;
  const listeners = new Set<LogListener>();
  let reading: AbortController | undefined;

  const ask = async (path: string, init: Asked): Promise<Response> => {
    const send = (): Promise<Response> =>
      fetch(path, { ...init, cache: 'no-store', headers: { ...init.headers, Authorization: `Bearer ${session.operator.token}` } });
    const response = await send();
    if (response.status !== UNAUTHORISED) return response;
    // Served again on the same port since: another run, another token.
    session = (await findSession()) ?? session;
    return send();
  };

  const follow = async (signal: AbortSignal): Promise<void> => {
    let pause = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const response = await ask(`${session.operator.path}/events`, { signal });
        if (!response.ok || !response.body) throw new Error(`the event stream has status ${response.status}`);
        pause = FIRST_PAUSE_MS;
        tellAll(listeners, []);
        await readEvents(response.body, (entries) => tellAll(listeners, entries));
      } catch {
        // Told by the empty batch: whoever listens asks, and sees what is wrong.
      }
      if (signal.aborted) return;
      tellAll(listeners, []);
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  };

  return {
    async operate(command) {
      const response = await ask(session.operator.path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(command),
      });
      const result = (await response.json()) as OperatorResult;
      if (!response.ok && !NOT_A_COMMAND.includes(response.status))
        throw new Error(result.ok ? `status ${response.status}` : result.message);
      return result;
    },
    onLog(told) {
      listeners.add(told);
      if (!reading) {
        reading = new AbortController();
        void follow(reading.signal);
      }
      return () => {
        listeners.delete(told);
        if (listeners.size > 0) return;
        reading?.abort();
        reading = undefined;
      };
    },
  };
}

/** Reads `data:` lines of an event stream to its end; entries that come together are told together. */
async function readEvents(body: ReadableStream<Uint8Array>, told: LogListener): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    const entries = events.filter((one) => one.startsWith('data: ')).map((one) => JSON.parse(one.slice(6)) as LogEntry);
    if (entries.length > 0) told(entries);
  }
}
