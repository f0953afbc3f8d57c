// One device's way through the relay: bytes both ways, no faster than either side takes them.
import type { Asked } from '../../kernel/bytes/mux-relay.ts';
import type { Ending } from '../../kernel/bytes/stream.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Dialled } from './dial.ts';

export interface Pipe {
  /** Reads the target no further while the carrier is full. */
  hold(full: boolean): void;
}

/**
 * Joins a stream to the target that `open` dials.
 * @param open  given who wants the result; returns what cancels the dial
 * @param ended called once, when neither side has anything left
 */
export function pipe(
  { stream, report }: Asked,
  open: (settled: (result: Dialled) => void) => () => void,
  clock: Clock,
  ended: () => void,
): Pipe {
  let target: ByteStream | undefined;
  let full = false;
  let unread = false;
  let firstSentAt: number | undefined;
  let answered = false;
  let clientGone: Ending | undefined;
  /** Sides that are still open; a dial under way counts as one. */
  let left = 2;
  const sideEnded = (): void => {
    left -= 1;
    if (left === 0) ended();
  };
  const steer = (): void => {
    if (full || unread) target?.pause();
    else target?.resume();
  };

  // What comes before the target is up waits in the stream, where credit bounds it.
  stream.pause();
  stream.attach({
    data(bytes) {
      firstSentAt ??= clock.now();
      if (target?.write(bytes) === false) stream.pause();
    },
    drain() {
      unread = false;
      steer();
    },
    end: () => stream.end(),
    close(ending) {
      clientGone = ending;
      if (target) {
        if (ending.by === 'fault') target.abort();
        else target.shut();
      } else {
        cancel();
        sideEnded();
      }
      sideEnded();
    },
  });

  const cancel = open((result) => {
    if (clientGone) return;
    if (!result.ok) {
      report({ failed: result.failure });
      stream.refuse(result.reason);
      return;
    }
    target = result.stream;
    report({ up: result.opening });
    target.attach({
      data(bytes) {
        if (!answered && firstSentAt !== undefined) report({ firstByteMs: clock.now() - firstSentAt });
        answered = true;
        unread = !stream.write(bytes) || unread;
        steer();
      },
      drain: () => stream.resume(),
      end: () => stream.shut(),
      close(ending) {
        if (ending.by === 'fault') stream.abort();
        else stream.shut();
        sideEnded();
      },
    });
    steer();
    stream.resume();
  });

  return {
    hold(now) {
      full = now;
      steer();
    },
  };
}
