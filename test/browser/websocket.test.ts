// The page's transport on a WebSocket that a test plays: what a browser does when sockets run out, fail or end cannot be had at will.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import type { Ending } from '../../kernel/bytes/stream.ts';
import { SocketAccount, webSocketTransport } from '../../worker/transport/websocket.web.ts';
import type { Dialled } from '../../worker/transport/transport.ts';

class PlayedSocket extends EventTarget {
  static readonly all: PlayedSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  bufferedAmount = 0;
  readonly sent: Uint8Array[] = [];
  readonly closedWith: (number | undefined)[] = [];
  readonly url: string;
  readonly protocol: string;

  constructor(url: string, protocol: string) {
    super();
    this.url = url;
    this.protocol = protocol;
    PlayedSocket.all.push(this);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  close(code?: number): void {
    this.closedWith.push(code);
  }

  opens(): void {
    this.onopen?.();
  }

  ends(code: number, wasClean: boolean): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, wasClean }));
  }
}

const real = globalThis.WebSocket;
beforeEach(() => {
  PlayedSocket.all.length = 0;
  globalThis.WebSocket = PlayedSocket as never;
});
afterEach(() => {
  globalThis.WebSocket = real;
});

function setUp(limits: { sockets: number; pending: number }) {
  const clock = new ManualClock();
  const account = new SocketAccount();
  const transport = webSocketTransport({ url: 'wss://host:8084/mqtt', ...limits, clock, timeouts: { dial: 10_000 }, account });
  const results: Dialled[] = [];
  const dial = (): void => void transport.dial('encrypted').then((result) => results.push(result));
  /** Promises settle, then turns of the clock run. */
  const settle = async (ms = 0): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, transport, account, results, dial, settle };
}

/** A consumer that keeps what it is told. */
function listen(dialled: Dialled | undefined) {
  if (!dialled?.ok) throw new Error('not open');
  const heard = { data: [] as number[][], ends: 0, drains: 0, endings: [] as Ending[] };
  dialled.stream.attach({
    data: (bytes) => heard.data.push([...bytes]),
    drain: () => (heard.drains += 1),
    end: () => (heard.ends += 1),
    close: (ending) => heard.endings.push(ending),
  });
  return { stream: dialled.stream, heard };
}

const ROOMY = { sockets: 10, pending: 8 };

describe('dialling', () => {
  test('clear text is not offered, and no socket is opened for it', async () => {
    const { transport } = setUp(ROOMY);
    expect(transport.offersPlain).toBe(false);
    expect(await transport.dial('plain')).toEqual({ ok: false, outcome: { kind: 'unreachable', stage: 'tcp', code: 'NO_ENDPOINT' } });
    expect(PlayedSocket.all).toHaveLength(0);
  });

  test('an open socket is a stream with the facts of its URL, subprotocol mqtt', async () => {
    const { results, dial, settle } = setUp(ROOMY);
    dial();
    await settle();
    expect(PlayedSocket.all[0]).toMatchObject({ url: 'wss://host:8084/mqtt', protocol: 'mqtt' });
    PlayedSocket.all[0]!.opens();
    await settle();
    const { stream } = listen(results[0]);
    expect(stream.facts).toEqual({ kind: 'wss', encrypted: true, sni: 'host', peer: 'host', port: 8084 });
  });

  test('1006 before it opens is unreachable; no answer at all is silence', async () => {
    const { results, dial, settle } = setUp(ROOMY);
    dial();
    await settle();
    PlayedSocket.all[0]!.ends(1006, false);
    dial();
    await settle();
    await settle(10_000);
    expect(results).toEqual([
      { ok: false, outcome: { kind: 'unreachable', stage: 'ws', code: '1006' } },
      { ok: false, outcome: { kind: 'silent', stage: 'ws', waitedMs: 10_000 } },
    ]);
  });

  test('no more than the permitted number are opening at once', async () => {
    const { clock, dial, settle } = setUp({ sockets: 10, pending: 2 });
    for (let i = 0; i < 5; i++) dial();
    await settle();
    expect(PlayedSocket.all).toHaveLength(2);
    PlayedSocket.all[0]!.opens();
    clock.advance(5);
    PlayedSocket.all[1]!.ends(1006, false);
    await settle();
    expect(PlayedSocket.all).toHaveLength(4);
  });

  test('when all sockets are held, a dial waits for one to be given back', async () => {
    const { results, dial, settle } = setUp({ sockets: 1, pending: 1 });
    dial();
    await settle();
    PlayedSocket.all[0]!.opens();
    dial();
    await settle(2_000);
    expect(PlayedSocket.all).toHaveLength(1);
    PlayedSocket.all[0]!.ends(1000, true);
    await settle();
    PlayedSocket.all[1]!.opens();
    await settle();
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
  });

  describe('a browser that gives fewer than expected', () => {
    /** So many are open, and the browser refuses the next without asking the network. */
    const HELD = 16;
    async function full(held = HELD) {
      const all = setUp({ sockets: 40, pending: 40 });
      const { dial, settle, clock } = all;
      for (let i = 0; i < held; i++) dial();
      await settle();
      for (const socket of PlayedSocket.all) socket.opens();
      await settle();
      dial();
      await settle();
      clock.advance(1);
      PlayedSocket.all[held]!.ends(1006, false);
      await settle();
      return all;
    }
    const CAP = { ok: false, outcome: { kind: 'local', reason: 'browser-cap' } };

    test('is full with those that it holds: no more are tried, and the rest are local', async () => {
      const { results, dial, settle, account } = await full();
      dial();
      await settle();
      expect(PlayedSocket.all).toHaveLength(HELD + 1);
      expect(account).toMatchObject({ open: HELD, full: true });
      await settle(3_000);
      expect(results.slice(HELD)).toEqual([CAP, CAP]);
    });

    test('gives one to whom it refused, once another has hung up', async () => {
      const { results, settle, account } = await full();
      await settle(2_000);
      PlayedSocket.all[0]!.ends(1000, true);
      await settle();
      PlayedSocket.all[HELD + 1]!.opens();
      await settle();
      expect(results.map(({ ok }) => ok)).toEqual(Array.from({ length: HELD + 1 }, () => true));
      expect(account).toMatchObject({ open: HELD, full: true });
    });

    test('is not what refuses while it holds fewer than every browser gives', async () => {
      const { results, account } = await full(HELD - 1);
      expect(results.at(-1)).toEqual({ ok: false, outcome: { kind: 'unreachable', stage: 'ws', code: '1006' } });
      expect(account).toMatchObject({ open: HELD - 1, full: false });
    });

    test('is not what refuses when the network had the time to, or when nothing is open', async () => {
      const { results, dial, settle, clock, account } = setUp(ROOMY);
      dial();
      await settle();
      PlayedSocket.all[0]!.ends(1006, false);
      dial();
      await settle();
      PlayedSocket.all[1]!.opens();
      await settle();
      dial();
      await settle();
      clock.advance(5);
      PlayedSocket.all[2]!.ends(1006, false);
      await settle();
      const refused = { ok: false, outcome: { kind: 'unreachable', stage: 'ws', code: '1006' } };
      expect([results[0], results[2]]).toEqual([refused, refused]);
      expect(account).toMatchObject({ open: 1, full: false });
    });
  });

  test('when nobody gives one back, it is this browser that has no more: local, not the target', async () => {
    const { results, dial, settle, account } = setUp({ sockets: 1, pending: 1 });
    dial();
    await settle();
    PlayedSocket.all[0]!.opens();
    dial();
    await settle();
    await settle(3_000);
    expect(results[1]).toEqual({ ok: false, outcome: { kind: 'local', reason: 'browser-cap' } });
    expect(account).toMatchObject({ open: 1, full: true });
    expect(PlayedSocket.all).toHaveLength(1);
  });
});

describe('the stream', () => {
  async function open() {
    const made = setUp(ROOMY);
    made.dial();
    await made.settle();
    const socket = PlayedSocket.all[0]!;
    socket.opens();
    await made.settle();
    return { ...made, socket, ...listen(made.results[0]) };
  }
  const bytes = (...values: number[]): { data: ArrayBuffer } => ({ data: Uint8Array.from(values).buffer });

  test('delivers in order, keeps what comes while paused, and ends after it', async () => {
    const { stream, heard, socket, settle } = await open();
    socket.onmessage?.(bytes(1));
    stream.pause();
    socket.onmessage?.(bytes(2));
    socket.ends(1000, true);
    await settle();
    expect(heard).toMatchObject({ data: [[1]], endings: [] });
    stream.resume();
    expect(heard).toMatchObject({ data: [[1], [2]], ends: 1, endings: [{ by: 'remote' }] });
  });

  test('a socket that breaks is a fault', async () => {
    const { heard, socket } = await open();
    socket.ends(1006, false);
    expect(heard).toMatchObject({ ends: 0, endings: [{ by: 'fault', code: '1006' }] });
  });

  test('asks its writer to wait while much is under way', async () => {
    const { stream, heard, socket, settle } = await open();
    expect(stream.write(Uint8Array.of(1))).toBe(true);
    socket.bufferedAmount = 300_000;
    expect(stream.write(Uint8Array.of(2))).toBe(false);
    await settle(100);
    expect(heard.drains).toBe(0);
    socket.bufferedAmount = 0;
    await settle(100);
    expect(heard.drains).toBe(1);
    expect(socket.sent).toHaveLength(2);
  });

  test('end closes the socket; abort is told at once, and once', async () => {
    const { stream, heard, socket, settle } = await open();
    stream.end();
    expect(socket.closedWith).toEqual([1000]);
    expect(heard.endings).toEqual([]);
    stream.abort();
    await settle();
    socket.ends(1000, true);
    expect(heard.endings).toEqual([{ by: 'local' }]);
    expect(stream.write(Uint8Array.of(1))).toBe(true);
    expect(socket.sent).toEqual([]);
  });

  test('a text frame is no MQTT and ends it', async () => {
    const { socket, heard } = await open();
    socket.onmessage?.({ data: 'text' });
    socket.ends(4003, true);
    expect(heard).toMatchObject({ data: [], endings: [{ by: 'local' }] });
  });
});
