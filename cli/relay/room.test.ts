// How many streams a relay lends on a machine with few descriptors, and what becomes of those beyond.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../worker/transport/transport.ts';
import { RELAY_LIMITS } from './limits.ts';
import { closeAll, echo, lab, openRelay, target, transportTo } from './relay.testkit.ts';
import { roomFor } from './room.ts';

afterEach(closeAll);

describe('room', () => {
  it('is what the relay usually lends, where the machine has that, or does not say', () => {
    expect(roomFor({ limit: 1_000_000, used: 30 })).toEqual({ streams: RELAY_LIMITS.streams });
    expect(roomFor(null)).toEqual({ streams: RELAY_LIMITS.streams });
  });

  it('is what the limit leaves beside its own needs, and says why', () => {
    const { streams, note } = roomFor({ limit: 1_024, used: 30 });
    expect(streams).toBe(1_024 - 30 - 64);
    expect(note).toBe(
      'the relay carries at most 930 connections at a time, not 20000: this process may have 1024 open files (ulimit -n); 20094 would do',
    );
    expect(roomFor({ limit: 64, used: 30 }).streams).toBe(0);
  });

  it('is half of that where the platform is in the same process: a connection has two ends', () => {
    expect(roomFor({ limit: 1_024, used: 30 }, 2).streams).toBe(465);
  });
});

it('beyond it a device is refused by the relay, not for want of a descriptor, and has its place once another has gone', async () => {
  const to = lab({ mqtt: await target(echo) });
  const { relay, ...open } = await openRelay([to], { limits: { streams: 2 } });
  const { transport } = transportTo({ relay, ...open }, to);
  const dial = (): ReturnType<Transport['dial']> => transport.dial('plain');
  const [first] = [await dial(), await dial()];
  expect(await dial()).toEqual({ ok: false, outcome: { kind: 'local', reason: 'relay' } });
  if (first?.ok) {
    first.stream.attach({ data: () => undefined, drain: () => undefined, end: () => undefined, close: () => undefined });
    first.stream.end();
  }
  await vi.waitFor(() => expect(relay.streams).toBe(1));
  expect((await dial()).ok).toBe(true);
});
