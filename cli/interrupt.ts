// Ctrl-C and its kin: the first asks a run to end with what it has, the second ends the process.
import { EXIT, type ExitCode } from '../kernel/errors.ts';

/** Not SIGHUP: listening to it would undo `nohup`. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface Interrupt {
  readonly interrupted: () => boolean;
  /** Called once, at the first signal; at once where that has come already. */
  onInterrupt(listener: () => void): void;
  release(): void;
}

/** Ends the process once its output is out, though something may still be waiting: what was called off cannot be waited for. */
export async function leave(code: ExitCode): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) await new Promise<void>((resolve) => stream.write('', () => resolve()));
  process.exit(code);
}

export function listenForInterrupt(): Interrupt {
  let asked = false;
  const listeners: (() => void)[] = [];
  const onSignal = (): void => {
    if (asked) process.exit(EXIT.interrupted);
    asked = true;
    process.stderr.write('\nmuster: stopping; press Ctrl-C again to leave at once\n');
    for (const listener of listeners) listener();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    interrupted: () => asked,
    onInterrupt(listener) {
      if (asked) listener();
      else listeners.push(listener);
    },
    release() {
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    },
  };
}
