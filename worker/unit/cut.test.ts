// A stream that breaks at a chosen byte, and what a unit makes of it.
import { time } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import mqtt from 'mqtt-packet';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { memoryPair } from '../../kernel/bytes/memory.ts';
import { standsFor } from '../../kernel/bytes/stands-for.ts';
import { ManualClock } from '../../kernel/clock.testkit.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import { DN, Stub, unit } from '../stub.testkit.ts';
import { cutAfter } from './cut.ts';

function pair(cutAt: number): { clock: ManualClock; server: ByteStream; seen: string[]; ends: string[] } {
  const clock = new ManualClock();
  const [client, server] = memoryPair(clock, standsFor('encrypted', 'platform'), standsFor('encrypted', 'device'));
  const seen: string[] = [];
  const ends: string[] = [];
  const watch = (who: string, stream: ByteStream): void =>
    stream.attach({
      data: (bytes) => seen.push(`${who} ${bytes.join(',')}`),
      drain: () => undefined,
      end: () => undefined,
      close: (ending) => ends.push(`${who} ${ending.by}`),
    });
  watch('device', cutAfter(client, cutAt));
  watch('platform', server);
  return { clock, server, seen, ends };
}

describe('a cut stream', () => {
  it.each([
    { chunks: [[1, 2, 3, 4, 5, 6]], seen: ['device 1,2,3,4'] },
    { chunks: [[1, 2, 3, 4]], seen: ['device 1,2,3,4'] },
    { chunks: [[1, 2], [3, 4, 5], [6]], seen: ['device 1,2', 'device 3,4'] },
  ])('passes four bytes of $chunks and is reset for both ends', ({ chunks, seen }) => {
    const one = pair(4);
    for (const chunk of chunks) {
      one.server.write(Uint8Array.from(chunk));
      while (one.clock.step());
    }
    expect(one.seen).toEqual(seen);
    expect(one.ends.sort()).toEqual(['device local', 'platform fault']);
  });

  it('goes on while fewer bytes came', () => {
    const one = pair(4);
    one.server.write(Uint8Array.from([1, 2, 3]));
    while (one.clock.step());
    expect(one.ends).toEqual([]);
  });
});

describe('a unit', () => {
  it.each(['register', 'regnwl'] as const)('%s: cut after the CONNACK keeps nothing, and can register again', async (mode) => {
    const platform = (await Stub.open()).add(DN);
    const events: TraceEvent[] = [];
    const device = unit(platform.transport, { mode }, { sink: (event) => events.push(event) });
    const outcome = await time.run(device.register({ cutAfter: 4 }));
    expect(outcome.kind).toBe('closed');
    const came = events.flatMap((event) => ('bytes' in event && event.dir === 'in' ? [event.bytes.join(',')] : []));
    expect(came).toEqual(['32,2,0,0']);
    expect(device.flash.read()).toBeUndefined();
    expect((await time.run(device.register())).kind).toBe('issued');
    await time.run(platform.close());
  });

  it('signs and sends the random it is given', async () => {
    const platform = (await Stub.open()).add(DN);
    const sent: string[] = [];
    const device = unit(platform.transport, { mode: 'register' });
    for (const random of ['8Ygb7ULYh53B6OA', undefined]) {
      const outcome = await time.run(
        device.register({ ...(random === undefined ? {} : { random }), fields: (fields) => (sent.push(fields.clientId), fields) }),
      );
      expect(outcome.kind).toBe('issued');
    }
    expect(sent.map((identifier) => identifier.includes('random=8Ygb7ULYh53B6OA,'))).toEqual([true, false]);
    await time.run(platform.close());
  });

  it('injects bytes into its live connection only', async () => {
    const platform = (await Stub.open()).add(DN);
    const device = unit(platform.transport, { mode: 'register' });
    const ping = mqtt.generate({ cmd: 'pingreq' });
    expect(device.inject(ping)).toBe(false);
    await time.run(device.boot());
    expect(device.inject(ping)).toBe(true);
    expect((await time.run(device.post({ temperature: 1 }))).kind).toBe('accepted');
    expect(device.inject(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))).toBe(true);
    expect((await time.run(device.post({ temperature: 2 }))).kind).toBe('closed');
    await time.run(platform.close());
  });
});
