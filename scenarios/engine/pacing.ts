// Keeping to the limits that a target declares: how many connections a second over all cases, how many a minute of one device, and what a
// throttled CONNECT means.
import { pause, type Clock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { CONNECTS_PER_DEVICE } from '../../protocol/limits.ts';
import { named, type OpenSession } from '../../worker/session/session.ts';
import type { HttpsRegistrar } from '../../worker/transport/http-register.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import { PACE_MS } from './pace.ts';

/** CONNACK 3: the vendor's answer to a CONNECT beyond its limits (S8). */
const SERVER_UNAVAILABLE = 3;

/** A queue in which everybody waits until it is their turn. */
export type Gate = () => Promise<void>;

/** Lets through `perSecond` a second, evenly spaced, whoever asks. */
export function gateOf(clock: Clock, perSecond: number): Gate {
  const spacing = 1_000 / perSecond;
  let next = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    const mine = Math.max(now, next);
    next = mine + spacing;
    if (mine > now) await pause(clock, mine - now);
  };
}

/** The same transport, dialled no faster than the gate lets through. */
export function gated(transport: Transport, gate: Gate): Transport {
  return {
    offersPlain: transport.offersPlain,
    async dial(security, way) {
      await gate();
      return transport.dial(security, way);
    },
  };
}

/** The same registrar, asked no faster than the gate lets through. */
export function gatedRegistrar(registrar: HttpsRegistrar, gate: Gate): HttpsRegistrar {
  return {
    async post(request, observe) {
      await gate();
      return registrar.post(request, observe);
    },
  };
}

/** Keeps the devices of one case to a limit of each device. */
export interface DevicePace {
  /** The same transport, as the device `device` may dial it. */
  transport(device: string, transport: Transport): Transport;
  /** The same registrar, as the device `device` may ask it. */
  registrar(device: string, registrar: HttpsRegistrar): HttpsRegistrar;
  /** Waits until every device has room again for as many attempts as a case makes in a row. */
  rest(): Promise<void>;
}

/** One attempt; a platform counts it when the CONNECT comes, which is soon after the dial is done, not when it is begun. */
interface Attempt {
  /** When its dial was done; undefined while it is under way. */
  at: number | undefined;
}

/**
 * Lets through `perMinute` attempts of a device within any PACE_MS, whether they go over MQTT or HTTPS; the others wait.
 * @param perMinute how many the target takes, at least 1
 */
export function devicePace(clock: Clock, perMinute: number): DevicePace {
  const most = wholeAttempts(perMinute);
  // Cases are written for the vendor's limit: no more than that between two rests.
  const row = Math.min(most, CONNECTS_PER_DEVICE);
  const attempts = new Map<string, Attempt[]>();
  const turns = new Map<string, Promise<Attempt>>();

  const countsFrom = ({ at }: Attempt): number => at ?? clock.now();
  /** When no more than `left` attempts of the device are inside the window. */
  const thinnedTo = (device: string, left: number): number => {
    const times = (attempts.get(device) ?? []).map(countsFrom).sort((a, b) => a - b);
    return (times.at(-1 - left) ?? Number.NEGATIVE_INFINITY) + PACE_MS;
  };
  // By the time that it counts, not by its turn: of two dials the first may be done last.
  const counts = (one: Attempt): boolean => countsFrom(one) + PACE_MS > clock.now();
  // Asked again after each wait: an attempt that was still dialling counts from later than it seemed.
  const reach = async (at: () => number): Promise<void> => {
    for (let ms = at() - clock.now(); ms > 0; ms = at() - clock.now()) await pause(clock, ms);
  };
  const attempt = async <T>(device: string, work: () => Promise<T>): Promise<T> => {
    const mine = (turns.get(device) ?? Promise.resolve()).then(async () => {
      await reach(() => thinnedTo(device, most - 1));
      const one: Attempt = { at: undefined };
      attempts.set(device, [...(attempts.get(device) ?? []).filter(counts), one]);
      return one;
    });
    turns.set(device, mine);
    const one = await mine;
    try {
      return await work();
    } finally {
      one.at = clock.now();
    }
  };
  return {
    transport: (device, transport) => ({
      offersPlain: transport.offersPlain,
      dial: (security, way) => attempt(device, () => transport.dial(security, way)),
    }),
    registrar: (device, registrar) => ({ post: (request, observe) => attempt(device, () => registrar.post(request, observe)) }),
    rest: () => reach(() => Math.max(Number.NEGATIVE_INFINITY, ...[...attempts.keys()].map((device) => thinnedTo(device, most - row)))),
  };
}

function wholeAttempts(perMinute: number): number {
  return Math.max(1, Math.floor(perMinute));
}

/** How long the vendor's five attempts take where so many are allowed a minute, milliseconds: for forecasts and reports. */
export function paceMsOf(perMinute: number): number {
  return Math.ceil((PACE_MS * CONNECTS_PER_DEVICE) / wholeAttempts(perMinute));
}

/**
 * The same sessions where limits are declared: a throttled CONNECT is neither an attempt nor a refusal, so it ends as one that was called
 * off. The CONNACK stays in the evidence.
 */
export function throttlingIsNoRefusal(open: OpenSession): OpenSession {
  return named(open.session, (...args) => {
    const session = open(...args);
    return {
      opened: session.opened.then(unlessThrottled),
      publish: (...message) => session.publish(...message),
      subscribe: (filters) => session.subscribe(filters),
      end: () => session.end(),
      abort: () => session.abort(),
    };
  });
}

function unlessThrottled(outcome: Outcome): Outcome {
  const throttled = outcome.kind === 'refused' && outcome.by === 'connack' && outcome.code === SERVER_UNAVAILABLE;
  return throttled ? { kind: 'aborted', by: 'stop-condition' } : outcome;
}
