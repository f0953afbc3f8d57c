// Asking the person at the terminal: a secret before the run, without echo, and one step at a time while it goes on.
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Ask } from '../scenarios/operators/human.ts';

/** Reads one line without showing it; whatever ends it, the terminal echoes again. The prompt goes to stderr, the line to us. */
const READ_SECRET = `trap 'stty echo </dev/tty' EXIT; trap 'exit 130' INT TERM HUP
stty -echo </dev/tty; printf %s "$1" >&2; IFS= read -r line; printf '\\n' >&2; printf %s "$line"`;

/** A secret typed by the user; undefined where there is no terminal to type it at. */
export function promptSecret(prompt: string): string | undefined {
  if (!process.stdin.isTTY) return undefined;
  const shell = spawnSync('sh', ['-c', READ_SECRET, 'sh', prompt], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' });
  return shell.status === 0 ? shell.stdout : undefined;
}

export interface Terminal {
  readonly ask: Ask;
  /** Withdraws an open question and lets go of stdin. */
  close(): void;
}

interface Waiting {
  answer(text: string | undefined): void;
}

const HELP = 'Enter: done · refused: the platform would not · n: cannot · skip: this case · quit: the run';
const READ_HELP = 'n: cannot be read · skip: this case · quit: the run';

/**
 * One question at a time, answered by lines of `input`. Nothing is read before the first question, and nobody is there once it has ended.
 * An interrupt answers an open question with `quit`.
 */
export function openTerminal(input: Readable, output: Writable): Terminal {
  const early: string[] = [];
  let waiting: Waiting | undefined;
  let ended = false;
  let lines: ReturnType<typeof createInterface> | undefined;
  const begin = (): void => {
    lines = createInterface({ input, terminal: false, crlfDelay: Infinity });
    lines.on('line', (line) => {
      if (waiting) waiting.answer(line);
      else early.push(line);
    });
    lines.on('close', () => {
      ended = true;
      waiting?.answer(undefined);
    });
  };
  const onSignal = (): void => waiting?.answer('quit');
  return {
    ask(step, signal) {
      if (!lines) begin();
      const choices = step.choices ? ` [${step.choices.join(', ')}]` : '';
      const complaint = step.complaint ? `  ${step.complaint.en}\n` : '';
      output.write(`\n${complaint}${step.case}\n  ${step.says.en}${choices}\n  (${step.kind === 'do' ? HELP : READ_HELP})\n> `);
      const typed = early.shift();
      if (typed !== undefined) return Promise.resolve(typed);
      if (ended) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        waiting = {
          answer(text) {
            waiting = undefined;
            for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, onSignal);
            resolve(text);
          },
        };
        for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
        signal.addEventListener('abort', () => waiting?.answer(undefined), { once: true });
      });
    },
    close() {
      waiting?.answer(undefined);
      lines?.close();
      input.destroy();
    },
  };
}
