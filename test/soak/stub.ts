// A stub in a process of its own, for the soak: many devices that may sign in, and a count of the posts that the platform saw.
// Its parent talks to it over IPC: 'count' is answered with a Count, and it ends when the parent goes.
import { openRig } from '../robustness/rig.ts';
import { deviceNames } from './load.ts';

/** What the stub says first. */
export interface Ready {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly ca: string;
}

/** What the platform saw so far. */
export interface Count {
  readonly posts: number;
  /** Uplinks that were no good post. */
  readonly others: number;
  readonly sessions: number;
  readonly rss: number;
}

const rig = await openRig({ devices: deviceNames(Number(process.argv[2])) });
let posts = 0;
let others = 0;
rig.platform.log.listen(({ type, code }) => {
  if (type !== 'uplink') return;
  if (code === 200) posts += 1;
  else others += 1;
});
const say = (message: Ready | Count): void => void process.send?.(message);

process.on('message', () => say({ posts, others, sessions: rig.platform.openSessions, rss: process.memoryUsage().rss }));
process.on('disconnect', () => void rig.close());
const { mqtt, mqtts } = rig.ports;
say({ mqtt, mqtts, ca: rig.ca });
