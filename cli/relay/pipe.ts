// One device's way through the relay: bytes both ways, no faster than either side takes them, and no longer than the client is there.
import type { Asked } from '../../kernel/bytes/mux-relay.ts';
import type { RelayReport } from '../../kernel/bytes/mux-report.ts';
import type { MuxStream, Watcher } from '../../kernel/bytes/mux-stream.ts';
import type { ByteStream, Ending, StreamHandlers } from '../../kernel/bytes/stream.ts';
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Dialled } from './dial.ts';

/** Dials; given who wants the result, it returns what cancels. */
export type Open = (settled: (result: Dialled) => void) => () => void;

/** Joins a stream of a client to its target. A class, since thousands are under way; as handlers it hears the client. */
export class Pipe implements StreamHandlers, Watcher {
  readonly #asked: Asked;
  readonly #clock: Clock;
  readonly #lingerMs: number;
  readonly #ended: (pipe: Pipe) => void;
  readonly #cancel: () => void;
  #target: ByteStream | undefined;
  #full = false;
  #unread = false;
  #firstSentAt: number | undefined;
  #answered = false;
  #clientOver = false;
  /** A dial under way counts as a target that is not over. */
  #targetOver = false;
  #over = false;
  #linger: Timer | undefined;

  /**
   * @param lingerMs how long a target may take to take what came before its client ended, milliseconds
   * @param ended    called once, when neither side has anything left
   */
  constructor(asked: Asked, open: Open, clock: Clock, lingerMs: number, ended: (pipe: Pipe) => void) {
    this.#asked = asked;
    this.#clock = clock;
    this.#lingerMs = lingerMs;
    this.#ended = ended;
    const { stream } = asked;
    // What comes before the target is up waits in the stream, where credit bounds it.
    stream.pause();
    stream.watch(this);
    stream.attach(this);
    this.#cancel = open((result) => this.#dialled(result));
  }

  /** Reads the target no further while the carrier is full. */
  hold(full: boolean): void {
    this.#full = full;
    this.#steer();
  }

  /** Ends both sides at once: there is nobody left to wait for. */
  abort(): void {
    this.#stream.abort();
    this.#target?.abort();
  }

  data(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#firstSentAt ??= this.#clock.now();
    if (this.#target?.write(bytes) === false) this.#stream.pause();
  }

  drain(): void {
    this.#unread = false;
    this.#steer();
  }

  end(): void {
    this.#stream.end();
  }

  /** The client has ended the stream, whatever of it still waits. */
  closed(): void {
    this.#letLinger();
  }

  close(ending: Ending): void {
    this.#clientOver = true;
    if (!this.#target) {
      this.#cancel();
      this.#targetOver = true;
    } else if (ending.by === 'fault') this.#target.abort();
    else {
      this.#target.shut();
      this.#letLinger();
    }
    this.#sideEnded();
  }

  get #stream(): MuxStream {
    return this.#asked.stream;
  }

  #dialled(result: Dialled): void {
    if (!result.ok) {
      this.#report({ failed: result.failure });
      this.#stream.refuse(result.reason);
      return;
    }
    const target = result.stream;
    this.#target = target;
    this.#report({ up: result.opening });
    target.attach({
      data: (bytes) => this.#answer(bytes),
      drain: () => this.#stream.resume(),
      end: () => this.#stream.shut(),
      close: (ending) => {
        this.#targetOver = true;
        if (ending.by === 'fault') this.#stream.abort();
        else this.#stream.shut();
        this.#sideEnded();
      },
    });
    this.#steer();
    this.#stream.resume();
  }

  #answer(bytes: Uint8Array): void {
    if (!this.#answered && this.#firstSentAt !== undefined) this.#report({ firstByteMs: this.#clock.now() - this.#firstSentAt });
    this.#answered = true;
    this.#unread = !this.#stream.write(bytes) || this.#unread;
    this.#steer();
  }

  #report(report: RelayReport): void {
    this.#asked.report(report);
  }

  #steer(): void {
    if (this.#full || this.#unread) this.#target?.pause();
    else this.#target?.resume();
  }

  #letLinger(): void {
    if (!this.#targetOver) this.#linger ??= this.#clock.after(this.#lingerMs, () => this.abort());
  }

  #sideEnded(): void {
    if (!this.#clientOver || !this.#targetOver || this.#over) return;
    this.#over = true;
    this.#linger?.cancel();
    this.#ended(this);
  }
}
