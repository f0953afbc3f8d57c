import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TraceEvent } from './event.ts';
import { RING_BYTES, TraceRing } from './ring.ts';

const packet = (at: number, size: number): TraceEvent => ({ at, kind: 'packet', conn: 1, dir: 'in', bytes: new Uint8Array(size) });
const cost = (events: readonly TraceEvent[]): number =>
  events.reduce((sum, event) => sum + 64 + ('bytes' in event ? event.bytes.length : 0), 0);

it('keeps the newest events that fit, in order, and the newest always', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 * RING_BYTES), { minLength: 1, maxLength: 60 }), (sizes) => {
      const ring = new TraceRing();
      const all = sizes.map((size, at) => packet(at, size));
      for (const event of all) ring.push(event);
      const kept = ring.events();
      expect(kept).toEqual(all.slice(all.length - kept.length));
      expect(kept.length).toBeGreaterThan(0);
      if (kept.length > 1) expect(cost(kept)).toBeLessThanOrEqual(RING_BYTES);
      // One more would not have fitted, but for one that had to go when something large came later.
      if (kept.length < all.length && Math.max(...sizes) <= 64)
        expect(cost(all.slice(all.length - kept.length - 1))).toBeGreaterThan(RING_BYTES);
    }),
  );
});

it('charges events without bytes too', () => {
  const ring = new TraceRing(640);
  for (let at = 0; at < 100; at++) ring.push({ at, kind: 'witness', what: 'x', holds: true });
  expect(ring.events().map(({ at }) => at)).toEqual([90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
});
