import { time, turns } from '../virtual.testkit.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import mqtt, { type Packet } from 'mqtt-packet';
import { memoryPair } from '../../kernel/bytes/memory.ts';
import type { ByteStream, Ending, StreamHandlers } from '../../kernel/bytes/stream.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { ACCEPT, published, scripted, type Scripted } from '../stub.testkit.ts';
import { SESSIONS, sessionNamed } from './choose.ts';
import { MAX_REMAINING_LENGTH } from './packet-limit.ts';
import { DEFAULT_TIMEOUTS, type Message, type OpenSession, type Session } from './session.ts';

const clock = ambientClock();

const FIELDS = { clientId: 'c|securemode=2|', username: 'u&p', password: 'x', keepAlive: 120, clean: true };

let openSession: OpenSession;

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
  const session = openSession(
    dialled.stream,
    { ...FIELDS, keepAlive },
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

describe.each(SESSIONS)('the session %s', (name) => {
  beforeAll(() => {
    openSession = sessionNamed(name);
  });

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

  const FAULTS: [string, number[][]][] = [
    ['garbage', [[0x48, 0x54, 0x54, 0x50]]],
    ['reserved flags', [[0x2f, 2, 0, 0]]],
    ['flags of a CONNACK that are reserved', [[0x20, 2, 2, 0]]],
    ['a length that never ends', [[0x20, 0xff, 0xff, 0xff, 0xff]]],
    ['a packet that is torn before it is wrong', [[0x20], [2], [9], [0]]],
    ['a header that announces 256 MiB', [[0x30, 0xff, 0xff, 0xff, 0x7f]]],
    ['such a header byte by byte, and what it announces', [[0x30], [0xff], [0xff], [0xff], [0x7f], Array<number>(100).fill(0)]],
    ['one byte more than a device takes', [[0x30, 0x81, 0x80, 0x40]]],
    [
      'such a packet behind others',
      [
        [0xd0, 0],
        [0xd0, 0, 0x30, 3, 0, 1, 0x2f, 0x30, 0x81, 0x80, 0x40],
      ],
    ],
  ];

  it.each<[string, number[][]]>([
    ...FAULTS,
    ['garbage behind a CONNACK', [[0x20, 2, 0, 0, 0xff]]],
    ['a header behind a CONNACK that announces 256 MiB', [[0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f]]],
  ])('calls malformed, and leaves: %s', async (_what, chunks) => {
    const askedAt = clock.now();
    const { session, closes, messages } = await open(
      (packet, line) => packet.cmd === 'connect' && chunks.forEach((chunk) => line.write(Buffer.from(chunk))),
    );
    expect(await time.run(session.opened)).toMatchObject({ kind: 'malformed', what: 'connack' });
    await time.run(session.end());
    expect([closes, messages, clock.now() - askedAt]).toEqual([[{ by: 'local' }], [], 0]);
  });

  it.each(FAULTS)('leaves a platform that sends in a session: %s', async (_what, chunks) => {
    const { session, closes } = await accepting((_packet, line) => {
      for (const chunk of chunks) line.write(Buffer.from(chunk));
      // Whatever else it says is not heard.
      clock.turn(() => line.send(published('/a', 'x')));
    });
    expect((await time.run(session.opened)).kind).toBe('accepted');
    const since = clock.now();
    expect(await time.run(session.publish('/a', 'x', 1))).toBe(false);
    expect([closes, clock.now() - since]).toEqual([[{ by: 'local' }], 0]);
  });

  it('takes a packet as large as it may be, in pieces or whole, and the next', async () => {
    const topic = '/large';
    const largest = published(topic, 'x'.repeat(MAX_REMAINING_LENGTH - 2 - topic.length));
    const { session, closes, messages } = await accepting((_packet, line) => {
      const bytes = mqtt.generate(largest);
      line.send(largest, published('/next', ''));
      const rest = Buffer.concat([bytes, mqtt.generate(published('/last', ''))]);
      let at = 0;
      const more = (): void => {
        line.write(rest.subarray(at, (at += 65_536)));
        if (at < rest.length) clock.turn(() => clock.turn(more));
      };
      clock.turn(() => clock.turn(more));
    });
    await time.run(session.opened);
    await time.run(session.publish('/a', 'x', 0));
    await turns(100);
    expect(messages.map((message) => [message.topic, message.payload.length])).toEqual([
      [topic, MAX_REMAINING_LENGTH - 2 - topic.length],
      ['/next', 0],
      [topic, MAX_REMAINING_LENGTH - 2 - topic.length],
      ['/last', 0],
    ]);
    expect(closes).toEqual([]);
    session.abort();
  });

  it('ends at once before its CONNACK', async () => {
    const since = clock.now();
    const { session, closes } = await open(() => undefined);
    await turns(5);
    await time.run(session.end());
    expect(await session.opened).toMatchObject({ kind: 'closed', stage: 'connack' });
    expect([closes, clock.now() - since]).toEqual([[{ by: 'local' }], 0]);
  });

  it.each<[string, number[][], boolean]>([
    ['no CONNACK', [], false],
    ['half a CONNACK', [[0x20, 2, 0]], false],
    ['a CONNACK that is too short to hold a code', [[0x20, 1, 0]], false],
    ['a PINGRESP instead', [[0xd0, 0]], false],
    ['a CONNACK byte by byte', [[0x20], [2], [0], [0]], true],
    ['a CONNACK that is too long', [[0x20, 3, 0, 0, 0]], true],
    ['a CONNECT first', [[...mqtt.generate({ cmd: 'connect', clientId: 'c' }), 0x20, 2, 0, 0]], true],
  ])('waits for its CONNACK: %s', async (_what, chunks, accepted) => {
    const { session, closes } = await open((packet, line) => {
      if (packet.cmd === 'connect') chunks.forEach((chunk) => line.write(Buffer.from(chunk)));
    });
    const silent = { kind: 'silent', stage: 'connack', waitedMs: 10_000 };
    expect(await time.run(session.opened)).toEqual(accepted ? { kind: 'accepted', sessionPresent: false } : silent);
    await turns(20);
    expect(closes).toEqual(accepted ? [] : [{ by: 'local' }]);
    session.abort();
  });

  it('is closed: by an end or a reset before the CONNACK', async () => {
    for (const how of ['end', 'abort'] as const) {
      const { session, closes } = await open((packet, line) => packet.cmd === 'connect' && line[how]());
      expect(await time.run(session.opened)).toMatchObject({ kind: 'closed', stage: 'connack' });
      await turns(20);
      expect(closes).toEqual([how === 'end' ? { by: 'remote' } : { by: 'fault', code: 'ECONNRESET' }]);
    }
  });

  it('acknowledges what comes at QoS 1 and 2, and hands each on once', async () => {
    const heard: Packet[] = [];
    const at = (qos: 1 | 2): Packet => ({ ...published(`/q${qos}`, 'x'), qos, messageId: 7 + qos }) as Packet;
    const { session, messages } = await open((packet, line) => {
      heard.push(packet);
      if (packet.cmd === 'connect') line.send(ACCEPT, at(1), at(2), at(2));
      if (packet.cmd === 'pubrec' && heard.filter(({ cmd }) => cmd === 'pubrec').length === 2) line.send({ cmd: 'pubrel', messageId: 9 });
    });
    await time.run(session.opened);
    await turns(40);
    expect(heard.map(({ cmd, messageId }) => [cmd, messageId])).toEqual([
      ['connect', undefined],
      ['puback', 8],
      ['pubrec', 9],
      ['pubrec', 9],
      ['pubcomp', 9],
    ]);
    expect(messages.map(({ topic }) => topic)).toEqual(['/q1', '/q2']);
    session.abort();
  });

  it('waits for ever for what must be acknowledged before the CONNACK', async () => {
    const { session, messages } = await open((packet, line) => {
      if (packet.cmd === 'connect') line.send({ ...published('/a', 'x'), qos: 1, messageId: 1 } as Packet, ACCEPT);
    });
    expect(await time.run(session.opened)).toMatchObject({ kind: 'silent', stage: 'connack' });
    expect(messages).toHaveLength(1);
  });

  it('passes over answers to what it did not ask', async () => {
    const { session, closes, messages } = await accepting((packet, line) => {
      if (packet.cmd !== 'subscribe') return;
      line.send({ cmd: 'puback', messageId: 1 }, { cmd: 'puback', messageId: 400 }, { cmd: 'unsuback', messageId: 1, granted: [] });
      line.send({ cmd: 'suback', messageId: 2, granted: [1] }, { cmd: 'pingreq' }, { cmd: 'suback', messageId: 1, granted: [0] });
    });
    await time.run(session.opened);
    expect(await time.run(session.subscribe(['/a']))).toEqual([0]);
    expect([closes, messages]).toEqual([[], []]);
    session.abort();
  });

  it('leaves a platform that grants something else than was asked, or accepts twice', async () => {
    const wrong: Packet[] = [{ cmd: 'suback', messageId: 1, granted: [0, 0] }, ACCEPT];
    for (const packet of wrong) {
      const { session, closes } = await accepting((heard, line) => heard.cmd === 'subscribe' && line.send(packet));
      await time.run(session.opened);
      await time.run(session.subscribe(['/a']));
      await turns(20);
      expect(closes).toEqual([{ by: 'local' }]);
    }
  });

  it('subscribes to nothing where a filter has no form', async () => {
    const heard: string[] = [];
    const { session } = await accepting((packet) => heard.push(packet.cmd));
    await time.run(session.opened);
    for (const filters of [[], ['/a', '/a+'], ['#/a'], ['/a/b#']]) expect(await time.run(session.subscribe(filters))).toEqual([]);
    expect(heard).toEqual([]);
    session.abort();
  });

  it('ends after the last acknowledgement', async () => {
    const heard: string[] = [];
    let acknowledge = (): void => undefined;
    const { session } = await accepting((packet, line) => {
      heard.push(packet.cmd);
      if (packet.cmd === 'publish') acknowledge = () => line.send({ cmd: 'puback', messageId: packet.messageId as number });
    });
    await time.run(session.opened);
    const sent = session.publish('/a', 'x', 1);
    const ended = session.end();
    await turns(20);
    expect(heard).toEqual(['publish']);
    expect(await session.publish('/a', 'late', 0)).toBe(false);
    expect(await session.subscribe(['/late'])).toEqual([]);
    acknowledge();
    expect(await time.run(sent)).toBe(true);
    await time.run(ended);
    expect(heard).toEqual(['publish', 'disconnect']);
  });

  it('asks a writer to wait while the platform does not read', async () => {
    const facts = { kind: 'memory', encrypted: true, peer: 'p', port: 1 } as const;
    const [device, platform] = memoryPair(clock, facts, facts);
    const session = openSession(
      device,
      FIELDS,
      { message: () => undefined, close: () => undefined },
      { clock, timeouts: DEFAULT_TIMEOUTS },
    );
    let got = 0;
    platform.attach({
      data: (bytes) => (got += bytes.length),
      drain: () => undefined,
      end: () => platform.end(),
      close: () => undefined,
    });
    platform.write(mqtt.generate(ACCEPT));
    await time.run(session.opened);
    platform.pause();
    let told: boolean | undefined;
    const blocked = session.publish('/a', 'x'.repeat(300_000), 0).then((written) => (told = written));
    await turns(50);
    expect(told).toBeUndefined();
    platform.resume();
    expect(await time.run(blocked)).toBe(true);
    expect(got).toBeGreaterThan(300_000);
    platform.pause();
    const lost = session.publish('/a', 'x'.repeat(300_000), 0);
    session.abort();
    expect(await time.run(lost)).toBe(false);
  });
});

it('lean reads nothing more from a platform that does not read its acknowledgements', async () => {
  const calls: string[] = [];
  let handlers: StreamHandlers | undefined;
  const stream: ByteStream = {
    facts: { kind: 'memory', encrypted: true, peer: 'p', port: 1 },
    write: (bytes) => calls.push(`write ${bytes.length}`) === 1,
    end: () => undefined,
    shut: () => undefined,
    abort: () => handlers?.close({ by: 'local' }),
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    attach: (next) => (handlers = next),
  };
  const session = sessionNamed('lean')(
    stream,
    FIELDS,
    { message: () => calls.push('message'), close: () => undefined },
    { clock, timeouts: DEFAULT_TIMEOUTS },
  );
  calls.splice(1);
  handlers?.data(mqtt.generate(ACCEPT));
  handlers?.data(mqtt.generate({ ...published('/a', 'x'), qos: 1, messageId: 1 } as Packet));
  expect(calls.splice(1)).toEqual(['message', 'write 4', 'pause']);
  handlers?.drain();
  expect(calls.splice(1)).toEqual(['resume']);
  session.abort();
  expect(await session.opened).toMatchObject({ kind: 'accepted' });
});
