// Whether a target has ever said anything at all. Asked before every case, so the answer is kept, and each record looked at once.
import type { CaseRecord } from '../judge/record.ts';

/** Cases that dialled and heard not a byte, after which the rest would only wait for their time-outs. */
const DEAF_AFTER = 3;

export class Deafness {
  #unanswered = 0;
  #heard = false;

  /** Takes what a case left. One that opened no connection says nothing about the target. */
  note(record: CaseRecord): void {
    if (this.#heard) return;
    let opened = false;
    for (const { events } of record.spans) {
      for (const event of events) {
        if (event.kind === 'opened') opened = true;
        if ('dir' in event && event.dir === 'in') this.#heard = true;
      }
    }
    if (opened) this.#unanswered += 1;
  }

  /** Would every further case only wait? */
  get proven(): boolean {
    return !this.#heard && this.#unanswered >= DEAF_AFTER;
  }
}
