// The last few kilobytes of one fleet unit: enough to see why it failed, at a price that ten thousand units can pay.
import type { TraceEvent } from './event.ts';

/** Bytes of evidence a fleet unit keeps. */
export const RING_BYTES = 4096;

/** What an event without bytes is charged. */
const EVENT_COST = 64;

function cost(event: TraceEvent): number {
  return EVENT_COST + ('bytes' in event ? event.bytes.length : 0);
}

/** Keeps the newest events whose cost fits the budget; the newest one always. */
export class TraceRing {
  #events: TraceEvent[] = [];
  #cost = 0;
  readonly #budget: number;

  constructor(budget: number = RING_BYTES) {
    this.#budget = budget;
  }

  push(event: TraceEvent): void {
    this.#events.push(event);
    this.#cost += cost(event);
    while (this.#cost > this.#budget && this.#events.length > 1) {
      this.#cost -= cost(this.#events.shift() as TraceEvent);
    }
  }

  events(): readonly TraceEvent[] {
    return this.#events;
  }
}
