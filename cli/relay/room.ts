// Does this machine have the descriptors for all that a relay lends? Where it has not, the relay lends less: who comes beyond that is refused
// with a reason, and not for want of a descriptor in the middle of a dial.
import { SPARE_DESCRIPTORS, type Supply } from '../preflight.ts';
import { RELAY_LIMITS } from './limits.ts';

export interface Room {
  /** Connections that the relay carries at a time. */
  readonly streams: number;
  /** Why those are fewer than usual; absent where they are not. */
  readonly note?: string;
}

/**
 * @param descriptors what the process has; null where the machine does not say
 * @param each descriptors that a connection takes in this process: two where the platform is here as well
 */
export function roomFor(descriptors: Supply['descriptors'], each: 1 | 2 = 1): Room {
  const usual = RELAY_LIMITS.streams;
  if (!descriptors) return { streams: usual };
  const { limit, used } = descriptors;
  const own = used + SPARE_DESCRIPTORS;
  const streams = Math.max(0, Math.min(usual, Math.floor((limit - own) / each)));
  if (streams === usual) return { streams };
  const note = `the relay carries at most ${streams} connections at a time, not ${usual}: this process may have ${limit} open files (ulimit -n); ${own + usual * each} would do`;
  return { streams, note };
}
