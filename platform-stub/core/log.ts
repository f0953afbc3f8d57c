// What the platform writes down. Two books: the vendor's log (sections 7.2, 7.3: behaviour of devices, messages) and an audit log of ours,
// since the vendor's says nothing of registrations (S14). Rings, so that a long run stays small. Never a secret, token or payload.

/** The vendor's business types, and the two of our own audit book. */
export type LogType = 'device' | 'uplink' | 'downlink' | 'registration' | 'operator';
export type LogBookName = 'platform' | 'audit';

export interface LogEntry {
  /** Rises by one an entry, over both books. */
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly traceId: string;
  readonly book: LogBookName;
  readonly type: LogType;
  readonly productKey: string;
  readonly deviceName: string;
  /** Of a connection by token, or the one that a registration issued. */
  readonly clientId?: string;
  /** Of a message. */
  readonly messageId?: string;
  /** `online`, `offline`, `connect`, `publish`, `subscribe`, `register`, `regnwl`, or the operator's action. */
  readonly operation: string;
  /** Topic of a message, carrier of a registration. */
  readonly content?: string;
  /** 200 is success; else a code of section 7.2. */
  readonly code: number;
  readonly reason: string;
}

export type NewEntry = Omit<LogEntry, 'seq' | 'at' | 'traceId' | 'book'>;

/** Which entries somebody wants to see; every given field has to hold. */
export interface LogFilter {
  readonly book?: LogBookName;
  readonly type?: LogType;
  readonly productKey?: string;
  readonly deviceName?: string;
  readonly clientId?: string;
  readonly code?: number;
  /** Anywhere in operation, content, reason or DeviceName, without case. */
  readonly search?: string;
  /** Milliseconds, both inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Only entries older than this `seq`: how one pages back. */
  readonly before?: number;
  readonly limit?: number;
}

/** Entries kept in each book unless told otherwise. */
export const LOG_CAPACITY = 10_000;
const DEFAULT_LIMIT = 100;
/** Characters of a text that are kept. */
const TEXT_MAX = 256;

const OWN: ReadonlySet<LogType> = new Set(['registration', 'operator']);

/** The last `capacity` things put into it. */
class Ring<T> {
  readonly #kept: T[] = [];
  readonly #capacity: number;
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(one: T): void {
    this.#kept[this.#next] = one;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** Newest first. */
  *[Symbol.iterator](): Generator<T> {
    for (let back = 1; back <= this.#kept.length; back++) {
      yield this.#kept[(this.#next - back + 2 * this.#kept.length) % this.#kept.length] as T;
    }
  }
}

export class Log {
  readonly #books: Readonly<Record<LogBookName, Ring<LogEntry>>>;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  readonly #run: string;
  #seq = 0;

  /** @param run prefix of every trace id, so that those of two runs differ */
  constructor(run: string, capacity = LOG_CAPACITY) {
    this.#run = run;
    this.#books = { platform: new Ring(capacity), audit: new Ring(capacity) };
  }

  add(entry: NewEntry, now: number): void {
    const seq = ++this.#seq;
    const book = OWN.has(entry.type) ? 'audit' : 'platform';
    const written: LogEntry = { seq, at: now, traceId: this.#run + seq.toString(16).padStart(8, '0'), book, ...bounded(entry) };
    this.#books[book].push(written);
    for (const listener of this.#listeners) listener(written);
  }

  /** Told of every entry from now on; the function returned ends that. */
  listen(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Newest first. */
  query(filter: LogFilter = {}): LogEntry[] {
    const { book, limit = DEFAULT_LIMIT } = filter;
    const found: LogEntry[] = [];
    const books = book === undefined ? Object.values(this.#books) : [this.#books[book]];
    for (const one of books) {
      let here = 0;
      for (const entry of one) {
        if (here === limit) break;
        if (!passes(entry, filter)) continue;
        found.push(entry);
        here += 1;
      }
    }
    return found.sort((a, b) => b.seq - a.seq).slice(0, limit);
  }
}

function passes(entry: LogEntry, filter: LogFilter): boolean {
  const { type, productKey, deviceName, clientId, code, from, to, before } = filter;
  if (type !== undefined && entry.type !== type) return false;
  if (productKey !== undefined && entry.productKey !== productKey) return false;
  if (deviceName !== undefined && entry.deviceName !== deviceName) return false;
  if (clientId !== undefined && entry.clientId !== clientId) return false;
  if (code !== undefined && entry.code !== code) return false;
  if (from !== undefined && entry.at < from) return false;
  if (to !== undefined && entry.at > to) return false;
  if (before !== undefined && entry.seq >= before) return false;
  const wanted = filter.search?.toLowerCase();
  if (wanted === undefined || wanted === '') return true;
  return [entry.operation, entry.content, entry.reason, entry.deviceName].some((text) => text?.toLowerCase().includes(wanted));
}

/** A client chooses ids and topics, and must not choose how much memory they cost here. */
function bounded(entry: NewEntry): NewEntry {
  const { messageId, content, reason } = entry;
  if ((messageId?.length ?? 0) <= TEXT_MAX && (content?.length ?? 0) <= TEXT_MAX && reason.length <= TEXT_MAX) return entry;
  return {
    ...entry,
    ...(messageId === undefined ? {} : { messageId: messageId.slice(0, TEXT_MAX) }),
    ...(content === undefined ? {} : { content: content.slice(0, TEXT_MAX) }),
    reason: reason.slice(0, TEXT_MAX),
  };
}

/** One entry a line, as an export. */
export function logLines(entries: readonly LogEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}
