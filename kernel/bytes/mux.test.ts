import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../clock.testkit.ts';
import { ambientClock } from '../clock.ts';
import { portCarrier, type Carrier, type PortLike } from './carrier.ts';
import { concat } from './concat.ts';
import { toDuplex } from './duplex.ts';
import { muxClient, muxServer, type MuxClient } from './mux.ts';
import { bytesOf, FACTS, Listener } from './stream.testkit.ts';
import type { ByteStream, StreamFacts } from './stream.ts';

const CREDIT = 128;
const OPEN_PORT = 8883;
const factsOf = (port: number): StreamFacts | undefined => (port === OPEN_PORT ? { ...FACTS, peer: 'device' } : undefined);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Two carriers that exchange messages in the turns of a manual clock; messages wait until the other side listens. */
function carriers(clock: ManualClock): { client: Carrier; server: Carrier; messages: ArrayBuffer[] } {
  const messages: ArrayBuffer[] = [];
  const make = (): { queue: ArrayBuffer[]; handler: ((message: ArrayBuffer) => void) | undefined; closed: boolean } => ({
    queue: [],
    handler: undefined,
    closed: false,
  });
  const [a, b] = [make(), make()];
  const carrier = (own: typeof a, other: typeof a): Carrier => ({
    send(message) {
      if (own.closed) return;
      messages.push(message);
      other.queue.push(message);
      clock.turn(() => {
        if (other.handler) for (const one of other.queue.splice(0)) other.handler(one);
      });
    },
    receive(handler) {
      own.handler = handler;
      clock.turn(() => {
        for (const one of own.queue.splice(0)) handler(one);
      });
    },
    close: () => void (own.closed = true),
  });
  return { client: carrier(a, b), server: carrier(b, a), messages };
}

function manual(): { clock: ManualClock; client: MuxClient; accepted: ByteStream[]; messages: ArrayBuffer[] } {
  const clock = new ManualClock();
  const both = carriers(clock);
  const accepted: ByteStream[] = [];
  muxServer(both.server, clock, factsOf, (stream) => accepted.push(stream));
  const client = muxClient(both.client, clock);
  clock.settle();
  return { clock, client, accepted, messages: both.messages };
}

/** A stream that is open on both sides. */
function stream(): ReturnType<typeof manual> & { ours: ByteStream; theirs: ByteStream; atOurs: Listener; atTheirs: Listener } {
  const side = manual();
  const ours = side.client.open(FACTS);
  const atOurs = new Listener(ours);
  side.clock.settle();
  const theirs = side.accepted.at(-1) as ByteStream;
  const atTheirs = new Listener(theirs);
  side.clock.settle();
  return { ...side, ours, theirs, atOurs, atTheirs };
}

describe('a multiplexed stream', () => {
  it('has on the server the facts of its port', () => {
    const { ours, theirs } = stream();
    expect([ours.facts, theirs.facts]).toEqual([FACTS, { ...FACTS, peer: 'device' }]);
  });

  it('delivers data that was written right after open, before any handshake', () => {
    const clock = new ManualClock();
    const both = carriers(clock);
    const client = muxClient(both.client, clock);
    const ours = client.open(FACTS);
    expect(ours.write(bytesOf('early'))).toBe(false);
    clock.settle();
    let heard: Listener | undefined;
    muxServer(both.server, clock, factsOf, (accepted) => (heard = new Listener(accepted)));
    clock.settle();
    expect(heard?.text).toBe('early');
  });

  it('tells a writer that waited for the handshake to go on', () => {
    const clock = new ManualClock();
    const both = carriers(clock);
    const ours = muxClient(both.client, clock).open(FACTS);
    const atOurs = new Listener(ours);
    ours.write(bytesOf('x'));
    clock.settle();
    expect(atOurs.log).toEqual([]);
    muxServer(both.server, clock, factsOf, () => undefined);
    clock.settle();
    expect(atOurs.log).toEqual(['drain']);
  });

  it('ends: data first, local for who ended, remote for the other, once each', () => {
    const { clock, ours, theirs, atOurs, atTheirs } = stream();
    ours.write(bytesOf('bye'));
    ours.end();
    theirs.write(bytesOf('crossing'));
    clock.settle();
    ours.write(bytesOf('late'));
    ours.shut();
    ours.abort();
    theirs.abort();
    clock.settle();
    expect([atTheirs.text, atTheirs.log, atTheirs.closes]).toEqual(['bye', ['data', 'end', 'close'], [{ by: 'remote' }]]);
    expect([atOurs.log, atOurs.closes]).toEqual([['close'], [{ by: 'local' }]]);
  });

  it('aborts: the peer sees a reset, the data is lost', () => {
    const { clock, theirs, ours, atOurs, atTheirs } = stream();
    theirs.pause();
    ours.write(bytesOf('lost'));
    clock.settle();
    ours.abort();
    clock.settle();
    expect([atTheirs.log, atTheirs.closes]).toEqual([['close'], [{ by: 'fault', code: 'ECONNRESET' }]]);
    expect(atOurs.closes).toEqual([{ by: 'local' }]);
  });

  it('says EHOSTUNREACH where nothing listens', () => {
    const { clock, client, accepted } = manual();
    const heard = new Listener(client.open({ ...FACTS, port: 9 }));
    clock.settle();
    expect([heard.log, heard.closes, accepted]).toEqual([['close'], [{ by: 'fault', code: 'EHOSTUNREACH' }], []]);
  });

  it('bounds by credit what a client may send to a paused server', () => {
    const { clock, theirs, ours, atOurs, atTheirs, messages } = stream();
    theirs.pause();
    const before = messages.length;
    let went = 0;
    for (let i = 0; i < 1000; i++) if (ours.write(Uint8Array.of(i & 0xff))) went += 1;
    clock.settle();
    expect(went).toBe(CREDIT);
    // 4 bytes of length, 5 of header, 1 of data.
    expect(messages.slice(before).reduce((sum, message) => sum + message.byteLength, 0)).toBe(CREDIT * 10);
    expect(atOurs.log).toEqual([]);
    theirs.resume();
    clock.settle();
    expect([...atTheirs.bytes]).toEqual(Array.from({ length: 1000 }, (_, i) => i & 0xff));
    expect(atOurs.log).toEqual(['drain']);
  });

  it('bounds by credit what a server may send to a paused client, and all of it arrives', () => {
    const { clock, theirs, ours, atOurs, atTheirs, messages } = stream();
    ours.pause();
    const before = messages.length;
    let went = 0;
    for (let i = 0; i < 1000; i++) if (theirs.write(Uint8Array.of(i & 0xff))) went += 1;
    clock.settle();
    expect(went).toBe(CREDIT);
    expect(messages.slice(before).reduce((sum, message) => sum + message.byteLength, 0)).toBe(CREDIT * 10);
    expect(atTheirs.log).toEqual([]);
    theirs.end();
    ours.resume();
    clock.settle();
    expect([...atOurs.bytes]).toEqual(Array.from({ length: 1000 }, (_, i) => i & 0xff));
    expect([atOurs.closes, atTheirs.closes]).toEqual([[{ by: 'remote' }], [{ by: 'local' }]]);
  });

  it('gives each stream credit of its own', () => {
    const { clock, client, accepted } = manual();
    const [frozen, lively] = [client.open(FACTS), client.open(FACTS)];
    clock.settle();
    accepted[0]?.pause();
    new Listener(accepted[0] as ByteStream);
    const heard = new Listener(accepted[1] as ByteStream);
    for (let i = 0; i < 3 * CREDIT; i++) {
      frozen.write(Uint8Array.of(1));
      lively.write(Uint8Array.of(2));
    }
    clock.settle();
    expect(heard.bytes.length).toBe(3 * CREDIT);
  });

  it('sends what waits for credit before it ends', () => {
    const { clock, theirs, ours, atTheirs, atOurs } = stream();
    theirs.pause();
    for (let i = 0; i < 3 * CREDIT; i++) ours.write(Uint8Array.of(7));
    ours.end();
    clock.settle();
    expect(atOurs.log).toEqual([]);
    theirs.resume();
    clock.settle();
    expect([atTheirs.bytes.length, atTheirs.closes, atOurs.closes]).toEqual([3 * CREDIT, [{ by: 'remote' }], [{ by: 'local' }]]);
  });

  it.each(['shut', 'end', 'abort'] as const)('closes once when the peer closed while it was paused, and then it %ss', (how) => {
    const { clock, theirs, ours, atTheirs } = stream();
    theirs.pause();
    ours.write(bytesOf('unread'));
    ours.end();
    clock.settle();
    expect(atTheirs.log).toEqual([]);
    theirs[how]();
    clock.settle();
    theirs.resume();
    clock.settle();
    expect([atTheirs.log, atTheirs.closes.length]).toEqual([['close'], 1]);
  });

  it('closes when the peer is gone while data waits for credit', () => {
    const { clock, theirs, ours, atOurs } = stream();
    theirs.pause();
    for (let i = 0; i < 2 * CREDIT; i++) ours.write(Uint8Array.of(7));
    clock.settle();
    ours.shut();
    theirs.shut();
    clock.settle();
    expect(atOurs.log.filter((what) => what !== 'end')).toEqual(['close']);
  });

  it('says end once when data handling pauses and resumes', () => {
    const { clock, theirs, ours, atTheirs } = stream();
    atTheirs.onData = () => {
      theirs.pause();
      theirs.resume();
    };
    theirs.pause();
    ours.write(bytesOf('x'));
    ours.end();
    clock.settle();
    theirs.resume();
    clock.settle();
    expect(atTheirs.log).toEqual(['data', 'end', 'close']);
  });

  it('says no end to a consumer that closed while it read', () => {
    const { clock, theirs, ours, atTheirs } = stream();
    atTheirs.onData = () => theirs.shut();
    theirs.pause();
    ours.write(bytesOf('x'));
    ours.end();
    clock.settle();
    theirs.resume();
    clock.settle();
    expect(atTheirs.log).toEqual(['data', 'close']);
  });

  it('tells a consumer that comes after the end', () => {
    const { clock, client, accepted } = manual();
    const ours = client.open(FACTS);
    clock.settle();
    ours.abort();
    clock.settle();
    const [late, lateServer] = [new Listener(ours), new Listener(accepted[0] as ByteStream)];
    clock.settle();
    expect([late.closes, lateServer.closes]).toEqual([[{ by: 'local' }], [{ by: 'fault', code: 'ECONNRESET' }]]);
  });

  it('sends the frames of one turn as one message', () => {
    const { clock, ours, messages } = stream();
    const before = messages.length;
    for (let i = 0; i < 10; i++) ours.write(bytesOf('x'));
    clock.settle();
    expect(messages.length - before).toBe(1);
  });

  it('closes every stream when the client side closes, and opens none afterwards', () => {
    const { clock, client, ours, atOurs, atTheirs } = stream();
    ours.write(bytesOf('under way'));
    client.close();
    clock.settle();
    expect([atOurs.closes, atTheirs.closes]).toEqual([[{ by: 'local' }], [{ by: 'fault', code: 'ECONNRESET' }]]);
    const late = new Listener(client.open(FACTS));
    clock.settle();
    expect(late.closes).toEqual([{ by: 'fault', code: 'ECONNRESET' }]);
  });

  it('survives frames that make no sense', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (junk) => {
        const clock = new ManualClock();
        const both = carriers(clock);
        const accepted: Listener[] = [];
        muxServer(both.server, clock, factsOf, (one) => accepted.push(new Listener(one)));
        for (const bytes of junk) {
          // Once as it is, once with a length in front so that it is a frame of some kind.
          both.client.send(bytes.slice().buffer);
          const framed = new Uint8Array(4 + bytes.length);
          new DataView(framed.buffer).setUint32(0, bytes.length, true);
          framed.set(bytes, 4);
          both.client.send(framed.buffer);
        }
        clock.settle();
        const client = muxClient(both.client, clock);
        // Any number the junk may have taken is out of reach of this one but by chance.
        const ours = client.open(FACTS);
        ours.write(bytesOf('still alive'));
        clock.settle();
        expect(accepted.length).toBeGreaterThan(0);
      }),
    );
  });

  it('does not let a second CONNECT take over a stream', () => {
    const clock = new ManualClock();
    const both = carriers(clock);
    const accepted: ByteStream[] = [];
    muxServer(both.server, clock, factsOf, (one) => accepted.push(one));
    const frame = Uint8Array.of(8, 0, 0, 0, 1, 1, 0, 0, 0, 1, OPEN_PORT & 0xff, OPEN_PORT >> 8);
    both.client.send(frame.slice().buffer);
    both.client.send(frame.slice().buffer);
    clock.settle();
    expect(accepted).toHaveLength(1);
  });

  it('closes both ends exactly once, and what arrives is what was sent, whatever the two sides do', () => {
    const action = fc.constantFrom('write', 'end', 'shut', 'abort', 'pause', 'resume', 'turn');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), action), { maxLength: 25 }), (actions) => {
        const { clock, ours, theirs, atOurs, atTheirs } = stream();
        const sent: number[] = [];
        for (const [onOurs, what] of actions) {
          const one = onOurs ? ours : theirs;
          if (what === 'turn') clock.step();
          else if (what === 'write') {
            if (onOurs) sent.push(sent.length);
            one.write(Uint8Array.of(sent.length - 1));
          } else one[what]();
        }
        for (const one of [ours, theirs]) {
          one.resume();
          one.end();
        }
        clock.settle();
        for (const { log, closes } of [atOurs, atTheirs]) {
          expect(closes).toHaveLength(1);
          expect(log.at(-1)).toBe('close');
          expect(log.filter((what) => what === 'end').length).toBeLessThan(2);
        }
        expect([...atTheirs.bytes]).toEqual(sent.slice(0, atTheirs.bytes.length));
      }),
      { numRuns: 300 },
    );
  });
});

describe('many streams over a MessageChannel', () => {
  const channels: MessageChannel[] = [];
  afterEach(() => {
    for (const { port1, port2 } of channels.splice(0)) {
      port1.close();
      port2.close();
    }
  });

  function overChannel(accept: (stream: ByteStream) => void): { client: MuxClient; channel: MessageChannel } {
    const channel = new MessageChannel();
    channels.push(channel);
    muxServer(portCarrier(channel.port1 as unknown as PortLike), ambientClock(), factsOf, accept);
    return { client: muxClient(portCarrier(channel.port2 as unknown as PortLike), ambientClock()), channel };
  }

  /** Echoes, and ends when the client has. */
  const echo = (accepted: ByteStream): void => {
    new Listener(accepted).onData = (bytes) => accepted.write(bytes.slice());
  };

  it('interleaves them without mixing their bytes', async () => {
    const { client } = overChannel(echo);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(9), fc.uint8Array({ minLength: 1, maxLength: 30 })), { maxLength: 60 }), async (writes) => {
        const streams = Array.from({ length: 10 }, () => client.open(FACTS));
        const heard = streams.map((one) => new Listener(one));
        for (const [i, bytes] of writes) (streams[i] as ByteStream).write(bytes.slice());
        const expected = streams.map((_, i) => [...concat(writes.filter(([of]) => of === i).map(([, bytes]) => bytes))]);
        while (heard.some((one, i) => one.bytes.length < (expected[i] as number[]).length)) await turn();
        for (const one of streams) one.end();
        await Promise.all(heard.map((one) => one.closed()));
        expect(heard.map((one) => [...one.bytes])).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('carries 1,000 streams at once, each through a Duplex', async () => {
    let open = 0;
    let most = 0;
    const { client } = overChannel((accepted) => {
      most = Math.max(most, ++open);
      const duplex = toDuplex(accepted);
      duplex.pipe(duplex);
      duplex.on('close', () => (open -= 1));
    });
    await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const duplex = toDuplex(client.open(FACTS));
        const text = `stream ${i} `.repeat(20);
        let heard = '';
        duplex.write(text);
        while (heard.length < text.length) heard += String((await once(duplex, 'data'))[0]);
        expect(heard).toBe(text);
        // All are open until the last was answered.
        while (most < 1000) await turn();
        duplex.end();
        await once(duplex, 'close');
      }),
    );
    expect(most).toBe(1000);
    while (open > 0) await turn();
  });

  it('moves a megabyte through credit, to a slow reader', async () => {
    let atServer: Listener | undefined;
    const { client } = overChannel((accepted) => {
      atServer = new Listener(accepted);
      atServer.onData = () => {
        accepted.pause();
        setImmediate(() => accepted.resume());
      };
    });
    const duplex = toDuplex(client.open(FACTS));
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 0xff);
    for (let at = 0; at < bytes.length; at += 1024) {
      if (!duplex.write(bytes.slice(at, at + 1024))) await once(duplex, 'drain');
    }
    duplex.end();
    while (!atServer) await turn();
    expect(await atServer.closed()).toEqual({ by: 'remote' });
    expect(Buffer.from(atServer.bytes).equals(bytes)).toBe(true);
  });

  it('sends a worker that has no time no more than it has granted', async () => {
    const WRITES = 5_000;
    let written = 0;
    const { client, channel } = overChannel((accepted) => {
      const more = (): void => {
        while (written < WRITES) {
          written += 1;
          if (!accepted.write(new Uint8Array(64))) return;
        }
        accepted.end();
      };
      accepted.attach({ data: () => undefined, drain: more, end: () => undefined, close: () => undefined });
      more();
    });
    // The port of a thread that does something else for a while: what comes lies there.
    const { onmessage: take } = channel.port2 as unknown as PortLike;
    const lying: { data: unknown }[] = [];
    (channel.port2 as unknown as PortLike).onmessage = (event) => lying.push(event);
    const slow = new Listener(client.open(FACTS));
    while (written === 0) await turn();
    for (let i = 0; i < 100; i++) await turn();
    expect(written).toBe(CREDIT + 1);
    (channel.port2 as unknown as PortLike).onmessage = take;
    for (const event of lying) take?.(event);
    expect(await slow.closed()).toEqual({ by: 'remote' });
    expect(slow.bytes.length).toBe(WRITES * 64);
  });

  it("resets the server's streams when the client side closes in mid-transfer", async () => {
    const heard: Listener[] = [];
    const { client } = overChannel((accepted) => heard.push(new Listener(accepted)));
    const streams = Array.from({ length: 20 }, () => client.open(FACTS));
    const ours = streams.map((one) => new Listener(one));
    for (const one of streams) one.write(bytesOf('half'));
    while (heard.length < 20) await turn();
    client.close();
    expect(new Set((await Promise.all(heard.map((one) => one.closed()))).map((ending) => JSON.stringify(ending)))).toEqual(
      new Set([JSON.stringify({ by: 'fault', code: 'ECONNRESET' })]),
    );
    expect((await Promise.all(ours.map((one) => one.closed()))).every((ending) => ending.by === 'local')).toBe(true);
  });

  it('ignores messages that are no frames', async () => {
    const { client, channel } = overChannel(echo);
    channel.port2.postMessage('text');
    channel.port2.postMessage(new ArrayBuffer(3));
    const ours = client.open(FACTS);
    const heard = new Listener(ours);
    ours.write(bytesOf('alive'));
    while (heard.text !== 'alive') await turn();
    ours.end();
    await heard.closed();
  });
});
