// Who may go, in which order, and that nobody who takes long keeps the rest.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { Gate } from './gate.ts';

describe('a gate', () => {
  it('lets so many through, in order; leaving twice is leaving once', () => {
    const gate = new Gate(new ManualClock(), 2, 500);
    const gone: number[] = [];
    const leave = [0, 1, 2, 3, 4].map((i) => gate.enter(() => gone.push(i)));
    expect(gone).toEqual([0, 1]);
    leave[1]?.();
    leave[1]?.();
    expect(gone).toEqual([0, 1, 2]);
    // One that no longer waits is passed over.
    leave[3]?.();
    leave[0]?.();
    expect(gone).toEqual([0, 1, 2, 4]);
  });

  it('no longer counts who takes long', () => {
    const clock = new ManualClock();
    const gate = new Gate(clock, 1, 500);
    const gone: number[] = [];
    const leave = [0, 1, 2].map((i) => gate.enter(() => gone.push(i)));
    clock.advance(499);
    expect(gone).toEqual([0]);
    clock.advance(1);
    expect(gone).toEqual([0, 1]);
    // It has left already.
    leave[0]?.();
    expect(gone).toEqual([0, 1]);
  });
});
