// Ctrl-C and its kin: the first asks a run to end with what it has, the second ends the process.
import { EXIT } from '../kernel/errors.ts';

export interface Interrupt {
  readonly interrupted: () => boolean;
  /** Called once, at the first signal. */
  onInterrupt(listener: () => void): void;
  release(): void;
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
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    interrupted: () => asked,
    onInterrupt: (listener) => void listeners.push(listener),
    release() {
      process.removeListener('SIGINT', onSignal);
      process.removeListener('SIGTERM', onSignal);
    },
  };
}
