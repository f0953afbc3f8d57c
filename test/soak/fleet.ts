// A fleet in a process of its own, for the soak: it connects, posts on an absolute schedule and tells each round what it did and how late it
// was. What it holds in memory is read twice, after a collection that is forced: when the rings of evidence are full, and when the last round
// is over. Such a reading stops all devices for as long as it takes, so it says how long, and the round behind it is marked: its lateness is
// the reading's. In between memory is looked at as it is, with whatever garbage there is.
// Its parent gives the plan as JSON and hears over IPC; run with --expose-gc.
import { ambientClock, pause } from '../../kernel/clock.ts';
import { Fleet } from '../../worker/fleet/fleet.ts';
import { FleetController, type FleetReport, type FleetShare } from '../../worker/fleet/controller.ts';
import { newHistograms, percentiles, type Histograms } from '../../worker/fleet/measure.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import { sessionNamed } from '../../worker/session/choose.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { DEVICE_SECRET, PRODUCT } from '../robustness/packets.ts';
import { deviceNames } from './load.ts';

/** What the parent asks for. */
export interface FleetSoak {
  readonly port: number;
  readonly devices: number;
  readonly minutes: number;
  readonly everyMs: number;
  /** Arrivals a second. */
  readonly rate: number;
  readonly session: 'reference' | 'lean';
  /** Posts of a device after which its ring of evidence is full. */
  readonly ringPosts: number;
}

/** One interval of posting. */
export interface Round {
  readonly atMs: number;
  readonly online: number;
  readonly published: number;
  readonly answered: number;
  readonly lost: number;
  /** How late posts of this round went out by the generator's fault, milliseconds. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  /** Memory was read as it began: its posts are late by that. */
  readonly afterReading: boolean;
  /** Garbage included. */
  readonly heapBytes: number;
  readonly rssBytes: number;
}

/** What is left in memory after a forced collection. */
export interface Reading {
  readonly atMs: number;
  readonly published: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** For how long nothing else ran. */
  readonly pauseMs: number;
}

/** What the child says: a line, a round, a reading, and last the report. */
export type Said =
  | { readonly line: string }
  | { readonly round: Round }
  | { readonly reading: Reading }
  | { readonly report: FleetReport; readonly seriesPoints: number };

const say = (said: Said): void => void process.send?.(said);
/** The last answers may take so long. */
const LAST_MS = 15_000;

const asked = JSON.parse(process.argv[2] ?? '{}') as FleetSoak;
const clock = ambientClock();
const transport = tcpTransport({ endpoints: { mqtt: `mqtt://127.0.0.1:${asked.port}` }, clock, timeouts: DEFAULT_TIMEOUTS });
/** Half an interval longer than so many whole ones: nobody leaves while a post of it is on its way. */
const sessionMs = asked.minutes * 60_000 + asked.everyMs / 2;
const arrivingMs = (asked.devices * 1000) / asked.rate;
const plan: FleetPlan = {
  devices: asked.devices,
  mode: 'connect',
  rate: asked.rate,
  seed: 'soak',
  namespace: '0',
  security: 'plain',
  ...PRODUCT,
  cohorts: [
    {
      name: 'posting',
      mode: 'connect',
      devices: asked.devices,
      start: 'provisioned',
      listed: deviceNames(asked.devices).map((deviceName) => ({
        deviceName,
        credentials: { kind: 'secret', deviceSecret: DEVICE_SECRET },
      })),
      publish: { everyMs: asked.everyMs, qos: 0, reply: true },
      sessionMs: { min: sessionMs, max: sessionMs },
    },
  ],
};
const fleet = new Fleet(
  plan,
  { worker: 0, workers: 1 },
  { clock, transport, openSession: sessionNamed(asked.session), timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' },
);
const share = {
  run: (startAt: number) => fleet.run(startAt),
  tell: (whole: boolean) => Promise.resolve(fleet.tell(whole)),
  detail: (index: number, withSecrets: boolean) => Promise.resolve(fleet.detail(index, withSecrets)),
  stop: () => fleet.stop(),
  credentials: () => Promise.resolve(fleet.credentials()),
} satisfies FleetShare;
const controller = new FleetController(plan, [share], clock);

let before: Histograms | undefined;
async function round(afterReading: boolean): Promise<Round> {
  const view = await controller.view();
  const now = await controller.histograms();
  const since = newHistograms().lag;
  since.add(now.lag);
  if (before) since.subtract(before.lag);
  before = now;
  const lag = percentiles(since);
  const { heapUsed, rss } = process.memoryUsage();
  const { published, answered, lost } = view.traffic;
  return {
    ...{ atMs: clock.now() - startedAt, online: view.online, published, answered, lost },
    ...{ lagP99Ms: lag?.p99 ?? 0, lagMaxMs: since.totalCount > 0 ? since.getValueAtPercentile(100) / 1000 : 0 },
    ...{ afterReading, heapBytes: heapUsed, rssBytes: rss },
  };
}

function reading({ published }: Round): Reading {
  const from = clock.now();
  globalThis.gc?.();
  const pauseMs = clock.now() - from;
  const { heapUsed, rss } = process.memoryUsage();
  return { atMs: from - startedAt, published, heapBytes: heapUsed, rssBytes: rss, pauseMs };
}

const ended = { yet: false };
const running = controller.run().then(() => (ended.yet = true));
const startedAt = clock.now();
const rounds = Math.max(1, Math.floor((asked.minutes * 60_000 - asked.everyMs - arrivingMs) / asked.everyMs));
// Round 0 is that of the arrivals, whose lag nobody asks for. A run too short to fill the rings and go on is read from there.
const firstReading = rounds > asked.ringPosts ? asked.ringPosts : 0;
for (let nth = 0; nth <= rounds; nth++) {
  const wait = startedAt + arrivingMs + (nth + 1) * asked.everyMs - clock.now();
  if (wait > 0) await pause(clock, wait);
  const one = await round(nth === firstReading + 1);
  if (nth > 0) {
    say({ round: one });
    say({
      line: `round ${nth} of ${rounds}: ${one.online} online, ${one.published} posts, ${one.answered} answered, lag p99 ${one.lagP99Ms.toFixed(1)} ms`,
    });
  }
  if (nth === firstReading || nth === rounds) say({ reading: reading(one) });
}
const end = clock.now() + arrivingMs + 2 * asked.everyMs + LAST_MS;
while (!ended.yet && clock.now() < end) await pause(clock, 100);
const report = await controller.report({ version: 'soak', measures: 'self', platform: null });
await controller.stop();
await running;
say({ report: { ...report, series: [] }, seriesPoints: report.series.length });
process.disconnect();
