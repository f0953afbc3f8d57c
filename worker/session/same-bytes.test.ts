// Both sessions write the same bytes and end the same way, whatever a device says and a platform answers.
import { time, turns } from '../virtual.testkit.ts';
import fc from 'fast-check';
import mqtt, { type Packet } from 'mqtt-packet';
import { expect, it } from 'vitest';
import { tapped } from '../../kernel/bytes/tap.ts';
import { ambientClock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { ACCEPT, published, scripted, type Scripted } from '../stub.testkit.ts';
import { type SESSIONS, sessionNamed } from './choose.ts';
import { DEFAULT_TIMEOUTS, type ConnectFields, type Session } from './session.ts';

const clock = ambientClock();

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ minLength: 120, maxLength: 300 }),
);
/** About as many bytes as a text can have (MQTT 3.1.1, 1.5.3): of what is longer, codecs write the beginning. */
const longText = fc.constantFrom('a'.repeat(65_535), 'a'.repeat(65_536), 'a'.repeat(70_000), 'é'.repeat(32_767), 'é'.repeat(32_768));
/** A topic of a platform holds a character at least (MQTT 3.1.1, 4.7.3); a device may be asked for anything. */
const topicName = text.filter((topic) => topic !== '');
const anyTopic = fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: longText });
const fieldsOf: fc.Arbitrary<ConnectFields> = fc.record({
  clientId: text,
  username: text,
  password: text,
  keepAlive: fc.nat({ max: 65_535 }),
  clean: fc.boolean(),
});
const filter = fc.oneof(anyTopic, fc.constantFrom('#', '+/a', 'a/#', 'a/+/b', 'a+', '#/a', '/'));

/** What a device does, or its platform: `acknowledge` answers the oldest question that is open, or the newest. */
const step = fc.oneof(
  fc.record({ does: fc.constant('publish' as const), topic: anyTopic, payload: text, qos: fc.constantFrom(0 as const, 1 as const) }),
  fc.record({ does: fc.constant('subscribe' as const), filters: fc.array(filter, { maxLength: 4 }) }),
  fc.record({ does: fc.constant('acknowledge' as const), newest: fc.boolean(), grant: fc.constantFrom(0, 1, 128) }),
  fc.record({
    does: fc.constant('send' as const),
    topic: topicName,
    payload: text,
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  }),
  fc.record({ does: fc.constant('turns' as const), count: fc.nat({ max: 4 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Story {
  readonly bytes: string;
  readonly heard: unknown[];
  readonly told: unknown[];
  readonly outcome: Outcome;
}

/** One device on a scripted platform, from CONNECT to the end. `answer` is what the platform writes to its CONNECT. */
async function story(
  name: (typeof SESSIONS)[number],
  fields: ConnectFields,
  answer: readonly Uint8Array[],
  steps: readonly Step[],
): Promise<Story> {
  const open: Packet[] = [];
  let line: Scripted | undefined;
  const transport = scripted(clock, (packet, at) => {
    line = at;
    if (packet.cmd === 'connect') for (const bytes of answer) at.write(Buffer.from(bytes));
    if (packet.cmd === 'subscribe' || (packet.cmd === 'publish' && packet.qos === 1)) open.push(packet);
  });
  const dialled = await transport.dial('encrypted');
  if (!dialled.ok) throw new Error('not dialled');
  const sent: Uint8Array[] = [];
  const heard: unknown[] = [];
  const told: unknown[] = [];
  const stream = tapped(dialled.stream, { sent: (bytes) => sent.push(bytes.slice()), received: () => undefined, closed: () => undefined });
  const session = sessionNamed(name)(
    stream,
    fields,
    {
      message: ({ topic, payload, retain }) => heard.push([topic, Buffer.from(payload).toString('hex'), retain]),
      close: ({ by }) => heard.push(by),
    },
    { clock, timeouts: DEFAULT_TIMEOUTS },
  );
  const outcome = await time.run(session.opened);
  const waiting: Promise<unknown>[] = [];
  for (const [i, one] of steps.entries()) await take(session, one, i);
  await turns(8);
  session.abort();
  await time.run(Promise.all(waiting));
  return { bytes: Buffer.concat(sent).toString('hex'), heard, told, outcome };

  async function take(device: Session, one: Step, i: number): Promise<void> {
    const note = (result: unknown): unknown => (told[i] = result);
    if (one.does === 'publish') waiting.push(device.publish(one.topic, one.payload, one.qos).then(note));
    if (one.does === 'subscribe') waiting.push(device.subscribe(one.filters).then(note));
    if (one.does === 'acknowledge') {
      // What was asked a step ago has arrived by now.
      await turns(4);
      const asked = one.newest ? open.pop() : open.shift();
      const messageId = asked?.messageId ?? 77;
      if (asked?.cmd === 'subscribe') line?.send({ cmd: 'suback', messageId, granted: asked.subscriptions.map(() => one.grant) });
      else line?.send({ cmd: 'puback', messageId });
      await turns(4);
    }
    if (one.does === 'send') line?.send({ ...published(one.topic, one.payload), qos: one.qos, messageId: i + 1 } as Packet);
    if (one.does === 'turns') await turns(one.count);
  }
}

it('CONNECT, PUBLISH, SUBSCRIBE and every answer are the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fieldsOf, fc.array(step, { maxLength: 14 }), async (fields, steps) => {
      const [reference, lean] = [
        await story('reference', fields, [mqtt.generate(ACCEPT)], steps),
        await story('lean', fields, [mqtt.generate(ACCEPT)], steps),
      ];
      expect(lean).toEqual(reference);
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('a platform that answers with anything at all is met with the same outcome, messages and bytes', async () => {
  const fields: ConnectFields = { clientId: 'c', username: 'u', password: 'p', keepAlive: 60, clean: true };
  const packets: Packet[] = [
    ACCEPT,
    { cmd: 'connack', returnCode: 4, sessionPresent: false },
    published('/a', 'x'),
    { ...published('/b', 'y'), qos: 1, messageId: 3 } as Packet,
    { cmd: 'suback', messageId: 1, granted: [1] },
    { cmd: 'pingresp' },
    { cmd: 'disconnect' },
    { cmd: 'pubrel', messageId: 3 },
  ];
  const chunk = fc.oneof(
    fc.constantFrom(...packets).map((packet) => mqtt.generate(packet)),
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    // A header that announces more than a device takes.
    fc.constant(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f)),
    // A packet with one byte changed.
    fc.tuple(fc.constantFrom(...packets), fc.nat(), fc.nat({ max: 255 })).map(([packet, at, byte]) => {
      const bytes = mqtt.generate(packet);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  // Cut anew: what arrives together is the network's choice.
  const chunks = fc.tuple(fc.array(chunk, { maxLength: 5 }), fc.array(fc.nat({ max: 12 }), { maxLength: 4 })).map(([parts, cuts]) => {
    const all = Buffer.concat(parts);
    const at = [0, ...cuts.filter((cut) => cut > 0 && cut < all.length).sort((a, b) => a - b), all.length];
    return at.slice(1).map((end, i) => all.subarray(at[i], end));
  });
  await fc.assert(
    fc.asyncProperty(chunks, async (answer) => {
      const [reference, lean] = [await story('reference', fields, answer, []), await story('lean', fields, answer, [])];
      expect(lean).toEqual(reference);
    }),
    { numRuns: 400 },
  );
}, 60_000);
