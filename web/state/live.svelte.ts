// An answer of the platform that is kept up to date: one request at a time, and the latest question wins.
import type { OperatorCommand } from '../../platform-stub/core/operate.ts';
import { desk, sentenceOf, type Answer, type Kind } from './desk.svelte.ts';

export class Live<K extends Kind> {
  answer: Answer<K> | null = $state.raw(null);
  /** Why the platform refuses to answer. */
  refusal: string | null = $state(null);
  readonly #kind: K;
  #wanted: OperatorCommand | null = null;
  #busy: unknown = null;
  #again = false;

  constructor(kind: K) {
    this.#kind = kind;
  }

  /** Asks, or asks again. */
  ask(question: OperatorCommand): void {
    this.#wanted = question;
    const { link } = desk;
    if (!link) return;
    // A link that has gone may never answer.
    if (this.#busy !== null && this.#busy === link) this.#again = true;
    else void this.#run(link);
  }

  async #run(link: unknown): Promise<void> {
    this.#busy = link;
    do {
      this.#again = false;
      const asked = this.#wanted;
      if (!asked) break;
      const result = await desk.send(asked);
      if (this.#busy !== link) return;
      if (desk.link !== link) break;
      if (!result || JSON.stringify(asked) !== JSON.stringify(this.#wanted)) continue;
      this.refusal = result.ok ? null : sentenceOf(result);
      this.answer = result.ok && result.kind === this.#kind ? (result as Answer<K>) : null;
    } while (this.#again);
    this.#busy = null;
  }
}
