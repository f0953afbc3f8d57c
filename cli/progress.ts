// What a waiting person sees: a bar on a terminal, a quiet line now and then elsewhere. Always on stderr; results have stdout for themselves.
import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** How often a log gets a line, milliseconds. */
const QUIET_EVERY_MS = 10_000;

export function openProgress(what: string, total: number): Progress {
  if (!process.stderr.isTTY) return quietProgress(what, total);
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total} {note}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barsize: 30,
  });
  bar.start(total, 0, { note: '' });
  return { update: (done, note) => bar.update(done, { note }), stop: () => bar.stop() };
}

function quietProgress(what: string, total: number): Progress {
  let last = Date.now();
  return {
    update(done, note) {
      if (Date.now() - last < QUIET_EVERY_MS) return;
      last = Date.now();
      process.stderr.write(`${what}: ${done} of ${total} ${note}\n`);
    },
    stop: () => undefined,
  };
}
