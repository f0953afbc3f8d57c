// The honesty proofs on the wall clock: how far a measured delay is from the one that was made, what a frozen platform looks like to an
// open and to a closed run, and how many arrivals 1,000 a second really are. Prints one JSON line. Run by `npm run bench`; `--smoke` is
// its shape only. Exact on virtual time: worker/fleet/measure-honesty.test.ts.
import { ambientClock } from '../../kernel/clock.ts';
import { answering, bucketsOf, freezing, HONEST_PLAN, knownDelays, NOBODY, runHonestly } from '../../worker/fleet/honesty.testkit.ts';
import type { FleetPlan } from '../../worker/fleet/plan.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import type { FleetReport } from '../../worker/fleet/controller.ts';

/** Devices of a smoke run are few: then only the shape is shown. */
const smoke = Number(process.argv[2] ?? '2000') < 1_000;
const clock = ambientClock();
const run = (plan: Partial<FleetPlan>, transport: Transport): Promise<FleetReport> =>
  runHonestly(clock, { ...HONEST_PLAN, ...plan }, transport, 1, (work) => work);
/** A run whose own generator was late has no percentiles: it measured the machine. */
const none = NaN;

const count = smoke ? 50 : 1_000;
const delays = knownDelays(count);
const made = bucketsOf(delays);
const delayed = await run(
  { devices: count, rate: 250 },
  answering(clock, (_what, now, nth) => now + (delays[nth] ?? 0)),
);
const seen = delayed.latencyMs.connect;

const perSecond = 40;
const open = smoke ? undefined : await run({ devices: 10 * perSecond, rate: perSecond }, freezing(clock));
const closed = smoke ? undefined : await run({ devices: 8 * perSecond, rate: perSecond, closed: 2 }, freezing(clock));

const seconds = smoke ? 1 : 10;
const arrived = await run({ devices: 1_000 * (seconds + 1), rate: 1_000 }, NOBODY);
const started = arrived.series.slice(0, seconds).reduce((sum, point) => sum + point.started, 0);

process.stdout.write(
  `${JSON.stringify({
    'p50 made, ms': made.p50,
    'p50 seen, ms': seen?.p50 ?? none,
    'p90 made, ms': made.p90,
    'p90 seen, ms': seen?.p90 ?? none,
    'p99 made, ms': made.p99,
    'p99 seen, ms': seen?.p99 ?? none,
    ...(smoke
      ? {}
      : { 'freeze, open p99, ms': open?.latencyMs.connect?.p99 ?? none, 'freeze, closed p99, ms': closed?.latencyMs.connect?.p99 ?? none }),
    [`arrivals in ${seconds} s`]: started,
  })}\n`,
);
