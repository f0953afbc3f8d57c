// A relay that is there and does nothing, on a manual clock: ours to report, never the target's fault. The rest is in cli/relay/relay.test.ts.
import { expect, it } from 'vitest';
import type { Carrier } from '../../kernel/bytes/carrier.ts';
import { relayServer, type Asked } from '../../kernel/bytes/mux-relay.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import { muxWebSocketTransport } from './mux-websocket.ts';

const TARGET = { id: 'lab', endpoints: { mqtt: { host: 'platform', port: 1883 } } };
const DIAL_MS = 10_000;

/** Two ends of a carrier, in the turns of the clock. */
function carriers(clock: ManualClock): [Carrier, Carrier] {
  const handlers: (((message: ArrayBuffer) => void) | undefined)[] = [];
  const end = (own: number): Carrier => ({
    send: (message) => clock.turn(() => handlers[1 - own]?.(message)),
    receive: (handler) => void (handlers[own] = handler),
    close: () => undefined,
  });
  return [end(0), end(1)];
}

it('a device that gets no turn at the relay in 30 s is local, and leaves nothing behind', async () => {
  const clock = new ManualClock();
  const [page, relay] = carriers(clock);
  const asked: Asked[] = [];
  const connect = (one: Asked): void => void asked.push(one);
  const serve = (): Carrier => {
    // The greeting leaves at once, when somebody listens.
    clock.turn(() => relayServer(relay, clock, { bufferMax: { stream: 1, all: 1 }, handshakeMs: 5_000, connect }));
    return page;
  };
  const transport = muxWebSocketTransport({
    target: TARGET,
    clock,
    timeouts: { dial: DIAL_MS },
    connect: () => Promise.resolve(serve()),
  });
  let settled = false;
  const dialling = transport.dial('plain').finally(() => (settled = true));
  const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await microtasks();
  clock.settle();
  await microtasks();
  clock.advance(DIAL_MS + 20_000 - 1);
  await microtasks();
  expect([asked.length, settled]).toEqual([1, false]);
  let closed = false;
  asked[0]?.stream.watch({ closed: () => (closed = true) });
  clock.advance(1);
  expect(await dialling).toEqual({ ok: false, outcome: { kind: 'local', reason: 'relay' } });
  clock.advance(100);
  expect([closed, clock.alarms]).toEqual([true, 0]);
});
