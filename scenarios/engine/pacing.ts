// Keeping to the limits that a target declares: how many connections a second over all cases, and what a throttled CONNECT means.
import { pause, type Clock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { OpenSession } from '../../worker/session/session.ts';
import type { Transport } from '../../worker/transport/transport.ts';

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
    async dial(security) {
      await gate();
      return transport.dial(security);
    },
  };
}

/**
 * The same sessions where limits are declared: a throttled CONNECT is neither an attempt nor a refusal, so it ends as one that was called
 * off. The CONNACK stays in the evidence.
 */
export function throttlingIsNoRefusal(open: OpenSession): OpenSession {
  return (...args) => {
    const session = open(...args);
    return { ...session, opened: session.opened.then(unlessThrottled) };
  };
}

function unlessThrottled(outcome: Outcome): Outcome {
  const throttled = outcome.kind === 'refused' && outcome.by === 'connack' && outcome.code === SERVER_UNAVAILABLE;
  return throttled ? { kind: 'aborted', by: 'stop-condition' } : outcome;
}
