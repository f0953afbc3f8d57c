// The messages of one connection, for a verb that waits for one of them.
import type { Clock } from '../../kernel/clock.ts';
import type { Message } from '../session/session.ts';

/** Why no message came. */
export type NoMessage = 'silent' | 'closed';

/** Messages that wait for somebody to ask; of more, the oldest are nobody's: a unit that asks for nothing must not grow. */
const EARLY_MAX = 64;

export class Mailbox {
  readonly #clock: Clock;
  /** What came before anybody asked: a reply may arrive in the same segment as the CONNACK. */
  #early: Message[] = [];
  #waiting: ((message: Message | 'closed') => void) | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  deliver(message: Message): void {
    if (this.#waiting) this.#waiting(message);
    else if (this.#early.push(message) > EARLY_MAX) this.#early.shift();
  }

  close(): void {
    this.#closed = true;
    this.#waiting?.('closed');
  }

  /** The next message that is `wanted`; others are dropped. One waiter at a time. */
  next(wanted: (message: Message) => boolean, ms: number): Promise<Message | NoMessage> {
    const early = this.#early.splice(0).find(wanted);
    if (early) return Promise.resolve(early);
    if (this.#closed) return Promise.resolve('closed');
    return new Promise((resolve) => {
      const finish = (result: Message | NoMessage): void => {
        timer.cancel();
        this.#waiting = undefined;
        resolve(result);
      };
      const timer = this.#clock.after(ms, () => finish('silent'));
      this.#waiting = (message) => {
        if (message === 'closed' || wanted(message)) finish(message);
      };
    });
  }
}
