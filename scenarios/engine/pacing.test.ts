// What keeps to declared limits: the spacing of connections, and the meaning of CONNACK 3 where limits are declared.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { OpenSession, Session } from '../../worker/session/session.ts';
import { gateOf, throttlingIsNoRefusal } from './pacing.ts';

/** A clock that stands still; what waits is kept with the time it is due. */
function standing(): Clock & { readonly due: number[] } {
  const due: number[] = [];
  return {
    due,
    now: () => 1_000,
    after(ms, fn) {
      due.push(1_000 + ms);
      fn();
      return { cancel: () => undefined };
    },
    turn: (fn) => fn(),
  };
}

test('a gate lets the first through at once and spaces the others, however many ask together', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 2, max: 20 }), async (perSecond, many) => {
      const clock = standing();
      const gate = gateOf(clock, perSecond);
      await Promise.all(Array.from({ length: many }, gate));
      expect(clock.due).toHaveLength(many - 1);
      clock.due.forEach((at, i) => expect(at).toBeCloseTo(1_000 + ((i + 1) * 1_000) / perSecond, 6));
    }),
  );
});

test.each<[string, Outcome, Outcome]>([
  ['a throttled CONNECT is called off', { kind: 'refused', by: 'connack', code: 3 }, { kind: 'aborted', by: 'stop-condition' }],
  ['a refusal stays one', { kind: 'refused', by: 'connack', code: 4 }, { kind: 'refused', by: 'connack', code: 4 }],
  ['and so does what is let in', { kind: 'accepted', sessionPresent: false }, { kind: 'accepted', sessionPresent: false }],
])('where limits are declared: %s', async (_what, opened, seen) => {
  const open: OpenSession = () => ({ opened: Promise.resolve(opened) }) as Session;
  const session = throttlingIsNoRefusal(open)(...([] as unknown as Parameters<OpenSession>));
  expect(await session.opened).toEqual(seen);
});
