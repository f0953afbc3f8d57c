// What the honesty proofs run, on virtual time in a test and on the wall clock in a bench: a platform with known delays, one that freezes,
// and plans against them.
import type { Packet } from 'mqtt-packet';
import type { Clock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { propertyPostReply } from '../../protocol/topics.ts';
import { openReferenceSession } from '../session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../session/session.ts';
import { ACCEPT, PK, PS, published, scripted } from '../stub.testkit.ts';
import type { Transport } from '../transport/transport.ts';
import { FleetController, type FleetReport, type FleetShare } from './controller.ts';
import { Fleet } from './fleet.ts';
import { newHistogram, percentiles, record, type Percentiles } from './measure.ts';
import type { FleetPlan } from './plan.ts';

export const HONEST_PLAN: FleetPlan = {
  ...{ devices: 1, mode: 'connect', rate: 100, seed: 'honesty', namespace: '0' },
  ...{ productKey: PK, productSecret: PS },
};
/** Before every run: what a controller takes to arm its workers. */
const LEAD_MS = 100;

/** How a promise is waited for: virtual time has to be moved meanwhile. */
export type Wait = <T>(work: Promise<T>) => Promise<T>;

/** Runs a plan to its end, in so many shares of this thread. */
export async function runHonestly(clock: Clock, plan: FleetPlan, transport: Transport, workers: number, wait: Wait): Promise<FleetReport> {
  const shares = Array.from({ length: workers }, (_, worker): FleetShare => {
    const fleet = new Fleet(
      plan,
      { worker, workers },
      { clock, transport, openSession: openReferenceSession, timeouts: DEFAULT_TIMEOUTS, edition: 'doc2020' },
    );
    return {
      run: (startAt) => fleet.run(startAt),
      tell: (whole) => Promise.resolve(fleet.tell(whole)),
      detail: (index, withSecrets) => Promise.resolve(fleet.detail(index, withSecrets)),
      stop: (by) => fleet.stop(by),
      credentials: () => Promise.resolve(fleet.credentials()),
    };
  });
  const controller = new FleetController(plan, shares, clock);
  await wait(controller.run());
  const report = await wait(controller.report({ version: '0', measures: 'target', platform: null }));
  await wait(controller.stop());
  return report;
}

/** A platform whose answers are ready when `readyAt` says, given the moment of the request and how many CONNECTs came before it. */
export function answering(clock: Clock, readyAt: (what: 'connack' | 'reply', now: number, nth: number) => number): Transport {
  let connects = 0;
  return scripted(clock, (packet, line) => {
    const answer = (what: 'connack' | 'reply', reply: Packet): void => {
      const now = clock.now();
      clock.after(readyAt(what, now, connects) - now, () => line.send(reply));
    };
    if (packet.cmd === 'connect') {
      answer('connack', ACCEPT);
      connects += 1;
    } else if (packet.cmd === 'publish') {
      const { id } = JSON.parse(packet.payload.toString()) as { id: string };
      const [deviceName = ''] = line.heard[0]?.cmd === 'connect' ? (line.heard[0].username ?? '').split('&') : [];
      const reply = { code: 200, data: {}, id, message: 'success', method: 'thing.event.property.post', version: '1.0' };
      answer('reply', published(propertyPostReply(PK, deviceName), JSON.stringify(reply)));
    }
  });
}

/** Log-normal delays in whole milliseconds: what latencies look like. */
export function knownDelays(count: number): number[] {
  const draw = seededRandom('delays');
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - draw.float())) * Math.cos(2 * Math.PI * draw.float());
  return Array.from({ length: count }, () => Math.min(9_000, Math.max(1, Math.round(Math.exp(4 + 1.2 * normal())))));
}

/** A platform that stands still for a while of a run, milliseconds after its time zero, and else answers a CONNECT after `answerMs`. */
export const FREEZE = { from: 4_000, to: 6_000, answerMs: 50 };

/** The freezing platform for a run that begins now. What would be ready in the freeze is ready at its end. */
export function freezing(clock: Clock): Transport {
  const zero = clock.now() + LEAD_MS;
  const thawed = (at: number): number => (at >= zero + FREEZE.from && at < zero + FREEZE.to ? zero + FREEZE.to : at);
  return answering(clock, (what, now) => thawed(now + (what === 'connack' ? FREEZE.answerMs : 0)));
}

/** A generator whose own timers stand still for a while of a run that begins now: all that are due meanwhile come at its end. */
export function standingStill(clock: Clock, from: number, to: number): Clock {
  const zero = clock.now() + LEAD_MS;
  const late = (at: number): number => (at >= zero + from && at < zero + to ? zero + to : at);
  return { ...clock, after: (ms, fn) => clock.after(Math.max(ms, late(clock.now() + ms) - clock.now()), fn) };
}

/** A generator whose timers of one length come late. */
export function lateFor(clock: Clock, lengthMs: number, lateMs: number): Clock {
  return { ...clock, after: (ms, fn) => clock.after(ms === lengthMs ? ms + lateMs : ms, fn) };
}

/** What an open run must find of the freezing platform: the wait of each unit, by when it was due. */
export function waitsOfOpenRun(devices: number, perSecond: number): number[] {
  const due = Array.from({ length: devices }, (_, i) => (i * 1000) / perSecond);
  return due.map((at) => {
    const ready = at + FREEZE.answerMs;
    return ready >= FREEZE.from && ready < FREEZE.to ? FREEZE.to - at : FREEZE.answerMs;
  });
}

/** What a histogram must say of values: each order statistic as the end of its bucket, no bucket further. */
export function bucketsOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const bucket = (p: number): number => {
    const one = newHistogram();
    record(one, sorted[Math.max(1, Math.ceil((p / 100) * sorted.length)) - 1] ?? NaN);
    return percentiles(one)?.p50 ?? NaN;
  };
  return { p50: bucket(50), p90: bucket(90), p99: bucket(99), max: bucket(100), min: bucket(0), count: sorted.length };
}

/** Nobody is there, and says so at once: for what is only about arrivals. */
export const NOBODY: Transport = {
  offersPlain: true,
  dial: () => Promise.resolve({ ok: false, outcome: { kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' } }),
};
