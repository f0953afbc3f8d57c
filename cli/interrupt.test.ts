// The first signal asks, the second ends the process; after `release` neither is ours.
import { afterEach, expect, test, vi } from 'vitest';
import { EXIT } from '../kernel/errors.ts';
import { listenForInterrupt } from './interrupt.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s is asked for once, and not taken twice', (signal) => {
  const before = process.listeners(signal);
  const said: unknown[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(text) > 0);
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('ended');
  });
  const interrupt = listenForInterrupt();
  const [ours] = process.listeners(signal).filter((one) => !before.includes(one));
  let heard = 0;
  interrupt.onInterrupt(() => (heard += 1));
  expect(interrupt.interrupted()).toBe(false);

  ours?.(signal);
  expect([interrupt.interrupted(), heard, exit.mock.calls]).toEqual([true, 1, []]);
  interrupt.onInterrupt(() => (heard += 1));
  expect(heard).toBe(2);
  expect(said.join('')).toContain('press Ctrl-C again');

  expect(() => ours?.(signal)).toThrow('ended');
  expect([heard, exit.mock.calls]).toEqual([2, [[EXIT.interrupted]]]);
  interrupt.release();
  expect(process.listeners(signal)).toEqual(before);
});
