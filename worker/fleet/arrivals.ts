// When units are due: an absolute schedule, so that a slow answer delays nobody (open model). A schedule follows from its shape and its
// seed alone.
import type { Random } from '../../kernel/random.ts';

/** How units arrive. Rates are units per second, times milliseconds. */
export type Arrival =
  | { readonly shape: 'constant'; readonly rate: number }
  /** The rate goes evenly from one to the other, and stays there. */
  | { readonly shape: 'ramp'; readonly from: number; readonly to: number; readonly overMs: number }
  /** One rate after another; the last one stays. */
  | { readonly shape: 'step'; readonly steps: readonly { readonly rate: number; readonly forMs?: number }[] }
  /** Independent arrivals: gaps are exponential, their mean is that of the rate. */
  | { readonly shape: 'poisson'; readonly rate: number }
  /** A steady rate, and for a while another. */
  | { readonly shape: 'spike'; readonly rate: number; readonly peak: number; readonly atMs: number; readonly forMs: number }
  /** Power returns: all at once, or each at its moment of a short window. */
  | { readonly shape: 'storm'; readonly withinMs: number };

/** A stretch of a schedule in which the rate goes evenly from one to another, per second. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/** Offset of the `index`-th arrival at a constant rate (per second), milliseconds after the start. */
export function arrivalOffset(rate: number, index: number): number {
  return (index * 1000) / rate;
}

/**
 * Offsets of `count` arrivals, milliseconds after the start, none before the one before it.
 * A place that the shape never reaches (its last rate is 0) is Infinity.
 * @param random draws of the shapes that draw: Poisson and a storm with a window
 */
export function offsets(arrival: Arrival, count: number, random: Random): Float64Array {
  const at = new Float64Array(count);
  switch (arrival.shape) {
    case 'constant':
      return at.map((_, i) => arrivalOffset(arrival.rate, i));
    case 'storm':
      return arrival.withinMs === 0 ? at : at.map(() => random.float() * arrival.withinMs).sort();
    case 'poisson': {
      let sum = 0;
      return at.map(() => {
        sum += -Math.log(1 - random.float());
        return arrivalOffset(arrival.rate, sum);
      });
    }
    default: {
      const due = inverse(stretches(arrival));
      return at.map((_, i) => due(i));
    }
  }
}

function stretches(arrival: Extract<Arrival, { shape: 'ramp' | 'step' | 'spike' }>): readonly Stretch[] {
  switch (arrival.shape) {
    case 'ramp':
      return [
        { from: arrival.from, to: arrival.to, ms: arrival.overMs },
        { from: arrival.to, to: arrival.to, ms: Infinity },
      ];
    case 'step':
      return arrival.steps.map(({ rate, forMs }, i) => ({
        from: rate,
        to: rate,
        ms: i === arrival.steps.length - 1 ? Infinity : (forMs ?? 0),
      }));
    case 'spike': {
      const { rate, peak, atMs, forMs } = arrival;
      return [
        { from: rate, to: rate, ms: atMs },
        { from: peak, to: peak, ms: forMs },
        { from: rate, to: rate, ms: Infinity },
      ];
    }
  }
}

/** The moment by which so many arrivals were due before, for numbers that grow from call to call. */
function inverse(parts: readonly Stretch[]): (arrivals: number) => number {
  let at = 0;
  /** Arrivals and milliseconds before the stretch that is looked at. */
  let arrived = 0;
  let startMs = 0;
  return (arrivals) => {
    for (;;) {
      const part = parts[at];
      if (!part) return Infinity;
      const whole = part.ms === Infinity ? (part.to > 0 ? Infinity : 0) : ((part.from + part.to) / 2) * (part.ms / 1000);
      if (arrivals - arrived < whole) return startMs + 1000 * secondsUntil(arrivals - arrived, part);
      arrived += whole;
      startMs += part.ms;
      at += 1;
    }
  };
}

/** Seconds into a stretch until `n` have arrived: n = from·t + growth·t²/2. */
function secondsUntil(n: number, { from, to, ms }: Stretch): number {
  const growth = ms === Infinity ? 0 : (to - from) / (ms / 1000);
  if (growth === 0) return n === 0 ? 0 : n / from;
  // The form that subtracts nothing nearly equal.
  return n === 0 ? 0 : (2 * n) / (from + Math.sqrt(Math.max(0, from * from + 2 * growth * n)));
}

/** The same schedule, with at least `gapMs` between any two: what a limit per second leaves of it. */
export function spaced(at: Float64Array, gapMs: number): Float64Array {
  let last = -Infinity;
  return at.map((offset) => (last = Math.max(offset, last + gapMs)));
}
