// The step that a person at the platform's console is asked to take: one at a time, answered in the page.
import type { Ask, HumanStep } from '../../scenarios/operators/human.ts';

interface Asked {
  readonly step: HumanStep;
  readonly number: number;
  readonly answer: (text: string | undefined) => void;
}

class Asking {
  current: Asked | null = $state.raw(null);
  #number = 0;

  /** Puts a step; the steps of one run never overlap. */
  readonly ask: Ask = (step, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve(undefined);
      const asked: Asked = {
        step,
        number: ++this.#number,
        answer: (text) => {
          if (this.current === asked) this.current = null;
          resolve(text);
        },
      };
      signal.addEventListener('abort', () => asked.answer(undefined));
      this.current = asked;
    });

  /** Starts to count anew; whoever still waits is told that nobody answers. */
  reset(): void {
    this.current?.answer(undefined);
    this.#number = 0;
  }
}

export const asking = new Asking();
