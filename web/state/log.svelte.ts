// What happened, line by line, for a person who watches or listens. Bounded, and no secret is ever written to it.

export type Level = 'info' | 'good' | 'bad';

export interface LogLine {
  readonly id: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly level: Level;
  readonly text: string;
}

const LONGEST = 500;

class Log {
  lines: readonly LogLine[] = $state.raw([]);
  #next = 1;

  say(text: string, level: Level = 'info'): void {
    const line = { id: this.#next++, at: Date.now(), level, text };
    this.lines = [...this.lines.slice(-(LONGEST - 1)), line];
  }
}

export const log = new Log();
