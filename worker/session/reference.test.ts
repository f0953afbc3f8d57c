import { time, turns } from '../virtual.testkit.ts';
import { describe, expect, it } from 'vitest';
import type { Packet } from 'mqtt-packet';
import type { Ending } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { ACCEPT, published, scripted, type Scripted } from '../stub.testkit.ts';
import { openReferenceSession } from './reference.ts';
import { DEFAULT_TIMEOUTS, type Message, type Session } from './session.ts';

const clock = ambientClock();

interface Open {
  readonly session: Session;
  readonly messages: Message[];
  readonly closes: Ending[];
}

async function open(script: (packet: Packet, line: Scripted) => void, keepAlive = 120): Promise<Open> {
  const dialled = await scripted(clock, script).dial('encrypted');
  if (!dialled.ok) throw new Error('not dialled');
  const messages: Message[] = [];
  const closes: Ending[] = [];
  const session = openReferenceSession(
    dialled.stream,
    { clientId: 'c|securemode=2|', username: 'u&p', password: 'x', keepAlive, clean: true },
    { message: (message) => messages.push(message), close: (ending) => closes.push(ending) },
    { clock, timeouts: DEFAULT_TIMEOUTS },
  );
  return { session, messages, closes };
}

const accepting = (more: (packet: Packet, line: Scripted) => void = () => undefined): Promise<Open> =>
  open((packet, line) => {
    if (packet.cmd === 'connect') line.send(ACCEPT);
    else more(packet, line);
  });

describe('a session on MQTT.js', () => {
  it.each([1, 2, 3, 4, 5])('is refused with code %i, closes by itself, and tells of it once', async (returnCode) => {
    const { session, closes } = await open(
      (packet, line) => packet.cmd === 'connect' && line.send({ cmd: 'connack', returnCode, sessionPresent: false }),
    );
    expect(await time.run(session.opened)).toEqual({ kind: 'refused', by: 'connack', code: returnCode });
    await turns(20);
    expect(closes).toHaveLength(1);
    await time.run(session.end());
    expect(closes).toHaveLength(1);
  });

  it('reports session present', async () => {
    const { session } = await open(
      (packet, line) => packet.cmd === 'connect' && line.send({ cmd: 'connack', returnCode: 0, sessionPresent: true }),
    );
    expect(await time.run(session.opened)).toEqual({ kind: 'accepted', sessionPresent: true });
  });

  it('hands on each message once, with its retain flag', async () => {
    const { session, messages } = await open(
      (packet, line) =>
        packet.cmd === 'connect' && line.send(ACCEPT, published('/a', '1'), { ...published('/b', '2'), retain: true } as Packet),
    );
    await time.run(session.opened);
    await turns(20);
    expect(messages.map(({ topic, payload, retain }) => [topic, Buffer.from(payload).toString(), retain])).toEqual([
      ['/a', '1', false],
      ['/b', '2', true],
    ]);
  });

  it('publishes: true when written or acknowledged, false when the connection ends first', async () => {
    let acknowledge = true;
    const { session } = await accepting((packet, line) => {
      if (packet.cmd !== 'publish' || packet.qos === 0) return;
      if (acknowledge) line.send({ cmd: 'puback', messageId: packet.messageId as number });
      else line.end();
    });
    await time.run(session.opened);
    expect(await time.run(session.publish('/a', 'x', 0))).toBe(true);
    expect(await time.run(session.publish('/a', 'x', 1))).toBe(true);
    acknowledge = false;
    expect(await time.run(session.publish('/a', 'x', 1))).toBe(false);
    expect(await time.run(session.publish('/a', 'x', 0))).toBe(false);
  });

  it('subscribes: what was granted, nothing when the connection ends first', async () => {
    let answers = true;
    const { session } = await accepting((packet, line) => {
      if (packet.cmd !== 'subscribe') return;
      if (answers) line.send({ cmd: 'suback', messageId: packet.messageId as number, granted: [1, 128] });
      else line.abort();
    });
    await time.run(session.opened);
    expect(await time.run(session.subscribe(['/a', '/b']))).toEqual([1, 128]);
    answers = false;
    expect(await time.run(session.subscribe(['/a', '/b']))).toEqual([]);
    expect(await time.run(session.subscribe(['/a']))).toEqual([]);
  });

  it('ends with a DISCONNECT', async () => {
    const heard: string[] = [];
    const { session, closes } = await accepting((packet) => heard.push(packet.cmd));
    await time.run(session.opened);
    await time.run(session.end());
    expect([heard, closes]).toEqual([['disconnect'], [{ by: 'local' }]]);
  });

  it('aborts without one, also before the CONNACK', async () => {
    const heard: string[] = [];
    const { session, closes } = await open((packet) => heard.push(packet.cmd));
    await turns(5);
    session.abort();
    expect(await time.run(session.opened)).toEqual({ kind: 'aborted', by: 'operator' });
    await turns(20);
    expect([heard, closes]).toEqual([['connect'], [{ by: 'local' }]]);
  });

  it('reports a fault of the stream', async () => {
    const { session, closes } = await accepting((_packet, line) => line.abort());
    await time.run(session.opened);
    await time.run(session.publish('/a', 'x', 0));
    await turns(20);
    expect(closes).toEqual([{ by: 'fault', code: 'ECONNRESET' }]);
  });

  it('keeps the connection alive, and gives up on a platform that answers no ping', async () => {
    let pings = 0;
    let answers = true;
    const { session, closes } = await open((packet, line) => {
      if (packet.cmd === 'connect') line.send(ACCEPT);
      if (packet.cmd !== 'pingreq') return;
      pings += 1;
      if (answers) line.send({ cmd: 'pingresp' });
    }, 60);
    await time.run(session.opened);
    await time.run(new Promise<void>((resolve) => clock.after(600_000, resolve)));
    expect(pings).toBeGreaterThanOrEqual(9);
    expect(closes).toEqual([]);
    answers = false;
    await time.run(new Promise<void>((resolve) => clock.after(180_000, resolve)));
    expect(closes).toHaveLength(1);
  });
});
