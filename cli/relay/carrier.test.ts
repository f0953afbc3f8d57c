// What waits for a client that does not read, over a real WebSocket.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { webSocketCarrier } from './carrier.ts';
import { RELAY_LIMITS } from './limits.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function pair(limits: Partial<typeof RELAY_LIMITS> = {}): Promise<{
  carrier: ReturnType<typeof webSocketCarrier>;
  served: WebSocket;
  client: WebSocket;
  told: boolean[];
}> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { perMessageDeflate: false });
  client.on('error', () => undefined);
  const [[served]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [[WebSocket], unknown];
  closers.push(() => {
    client.terminate();
    served.terminate();
    server.close();
  });
  const told: boolean[] = [];
  const carrier = webSocketCarrier(served, { ...RELAY_LIMITS, ...limits }, (full) => told.push(full), vi.fn());
  return { carrier, served, client, told };
}

describe('a WebSocket that is full', () => {
  it('reads its client no further until it is relieved', async () => {
    const { carrier, client, told } = await pair({ congestedAt: 1024 * 1024, relievedAt: 512 * 1024 });
    const heard: number[] = [];
    carrier.receive((message) => heard.push(message.byteLength));
    client.pause();
    client.send(new Uint8Array(1));
    await vi.waitFor(() => expect(heard).toEqual([1]));
    // Until the system takes no more.
    for (let i = 0; i < 100 && !(carrier.isFull() && i > 50); i++) carrier.send(new ArrayBuffer(512 * 1024));
    expect([carrier.isFull(), told]).toEqual([true, [true]]);
    client.send(new Uint8Array(2));
    // Long enough for a message there and back on another connection.
    const other = await pair();
    for (let i = 0; i < 3; i++) {
      other.carrier.send(new ArrayBuffer(1));
      await once(other.client, 'message');
    }
    expect([heard, told]).toEqual([[1], [true]]);
    client.resume();
    await vi.waitFor(() =>
      expect([heard, told]).toEqual([
        [1, 2],
        [true, false],
      ]),
    );
  });

  it('is so by small messages long before their bytes are many', async () => {
    const { carrier, client } = await pair();
    client.pause();
    for (let i = 0; i < 8_000; i++) carrier.send(new ArrayBuffer(9));
    expect(carrier.isFull()).toBe(false);
    for (let i = 0; i < 500; i++) carrier.send(new ArrayBuffer(9));
    expect(carrier.isFull()).toBe(true);
  });

  it('is dropped when more and more is to be sent all the same', async () => {
    const { carrier, served, client } = await pair({ sendMax: 8 * 1024 * 1024 });
    client.pause();
    for (let i = 0; i < 100 && served.readyState === served.OPEN; i++) carrier.send(new ArrayBuffer(512 * 1024));
    expect(served.readyState).not.toBe(served.OPEN);
    await once(served, 'close');
  });
});
