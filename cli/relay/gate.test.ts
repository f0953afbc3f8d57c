// Who may go, in which order, and that nobody who takes long keeps the rest.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { Gate, type GateSize } from './gate.ts';

const exactly = (size: number): GateSize => ({ least: size, most: size, perSecond: 0 });

describe('a gate', () => {
  it('lets so many through, in order; leaving twice is leaving once', () => {
    const gate = new Gate(new ManualClock(), exactly(2), 500);
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
    const gate = new Gate(clock, exactly(1), 500);
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

  it.each([
    // A short way: the least will do for a thousand a second, however long they take when they wait for each other.
    [2, 4],
    [30, 30],
    [5_000, 64],
  ])('on a way of %i ms lets %i through at a time', (ms, expected) => {
    const clock = new ManualClock();
    const gate = new Gate(clock, { least: 4, most: 64, perSecond: 1_000 }, 60_000);
    let inside = 0;
    const leave = Array.from({ length: 200 }, () => gate.enter(() => (inside += 1)));
    expect(inside).toBe(4);
    clock.advance(ms);
    leave[0]?.(true);
    inside -= 1;
    expect(inside).toBe(expected);
    clock.advance(40_000);
    leave[1]?.(true);
    inside -= 1;
    expect(inside).toBe(expected);
  });

  it('learns nothing from who came back, or never went', () => {
    const clock = new ManualClock();
    const gate = new Gate(clock, { least: 1, most: 64, perSecond: 1_000 }, 60_000);
    let inside = 0;
    const leave = Array.from({ length: 20 }, () => gate.enter(() => (inside += 1)));
    clock.advance(5_000);
    leave[19]?.(true);
    leave[0]?.();
    expect(inside).toBe(2);
  });

  it('lets as many through as it may where the way has become long, until it is short again', () => {
    const clock = new ManualClock();
    const gate = new Gate(clock, { least: 2, most: 8, perSecond: 1_000 }, 500);
    const gone: number[] = [];
    const leave = Array.from({ length: 40 }, (_, i) => gate.enter(() => gone.push(i)));
    clock.advance(1);
    leave[0]?.(true);
    expect(gone).toHaveLength(3);
    // The two that are inside stall: both are let go, and eight come after them.
    clock.advance(500);
    expect(gone).toHaveLength(3 + 8);
    clock.advance(1);
    leave[3]?.(true);
    for (const i of [4, 5, 6, 7, 8, 9]) leave[i]?.();
    expect(gone).toHaveLength(3 + 8 + 1);
  });
});
