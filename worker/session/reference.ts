// A session on MQTT.js: what a real client does. It never reconnects by itself (S2: that would register again), and it leaves a platform that
// breaks the protocol, of which MQTT.js only tells.
import { MqttClient, UniqueMessageIdProvider, type IClientOptions } from 'mqtt';
import { toDuplex } from '../../kernel/bytes/duplex.ts';
import { tapped } from '../../kernel/bytes/tap.ts';
import type { Ending } from '../../kernel/bytes/stream.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { limited } from './packet-limit.ts';
import { isTopic, named, type OpenSession } from './session.ts';

/** MQTT.js' own CONNACK timer stays behind ours. */
const BEHIND_MS = 60_000;

/** How MQTT.js begins what it says of an acknowledgement that answers another question, and passes over. */
const PASSED_OVER = 'Protocol error: ';

/** Return code of a refused CONNACK, which MQTT.js puts on the error. */
function returnCodeOf(error: Error): number | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

export const openReferenceSession: OpenSession = named('reference', (stream, fields, events, env) => {
  const startedAt = env.clock.now();
  let settle: (outcome: Outcome) => void;
  let settled = false;
  const opened = new Promise<Outcome>((resolve) => {
    settle = (outcome) => {
      if (settled) return;
      settled = true;
      silence.cancel();
      resolve(outcome);
    };
  });
  const silence = env.clock.after(env.timeouts.connack, () => {
    settle({ kind: 'silent', stage: 'connack', waitedMs: env.timeouts.connack });
    client.end(true);
  });
  let closed = false;
  const whenClosed = new Set<() => void>();
  const onEnding = (ending: Ending): void => {
    if (closed) return;
    closed = true;
    settle({ kind: 'closed', stage: 'connack', afterMs: env.clock.now() - startedAt });
    events.close(ending);
    for (const done of whenClosed) done();
    whenClosed.clear();
  };
  /** Nothing more of the platform counts (MQTT-4.8.0-1), not even what stood before it in the same chunk: MQTT.js reads the chunk first. */
  let broken = false;
  const onFault = (why: string): void => {
    broken = true;
    settle({ kind: 'malformed', what: 'connack', why });
    client.end(true);
  };
  const options: IClientOptions = {
    clientId: fields.clientId,
    username: fields.username,
    password: fields.password,
    keepalive: fields.keepAlive,
    clean: fields.clean,
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: env.timeouts.connack + BEHIND_MS,
    reschedulePings: true,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    messageIdProvider: new UniqueMessageIdProvider(),
  };
  const client = new MqttClient(
    () =>
      toDuplex(limited(tapped(stream, { sent: () => undefined, received: () => undefined, closed: onEnding }), onFault)) as ReturnType<
        ConstructorParameters<typeof MqttClient>[0]
      >,
    options,
  );
  client.on('connect', (packet) => settle({ kind: 'accepted', sessionPresent: packet.sessionPresent }));
  client.on('error', (error) => {
    const code = returnCodeOf(error);
    if (code !== undefined) {
      settle({ kind: 'refused', by: 'connack', code });
      // A refused client has nothing more to say; the platform closes, and so do we if it does not.
      client.end(true);
    } else if (!('code' in error) && !error.message.startsWith(PASSED_OVER)) onFault(error.message);
  });
  client.on('message', (topic, payload, packet) => {
    if (!broken) events.message({ topic, payload, retain: packet.retain });
  });

  /** Resolves as `work` says, or with `otherwise` when the connection ends first. */
  const unlessClosed = <T>(otherwise: T, work: (resolve: (value: T) => void) => void): Promise<T> =>
    new Promise((resolve) => {
      if (closed) return resolve(otherwise);
      const end = (): void => resolve(otherwise);
      whenClosed.add(end);
      work((value) => {
        whenClosed.delete(end);
        resolve(value);
      });
    });
  return {
    opened,
    publish: (topic, payload, qos) =>
      unlessClosed(false, (resolve) => {
        if (isTopic(topic)) client.publish(topic, payload, { qos }, (error) => resolve(!error));
        else resolve(false);
      }),
    subscribe: (filters) =>
      unlessClosed<number[]>([], (resolve) => {
        if (filters.every(isTopic))
          client.subscribe([...filters], { qos: 1 }, (_error, _granted, packet) => resolve((packet?.granted ?? []).map(Number)));
        else resolve([]);
      }),
    end() {
      // Before its CONNACK, MQTT.js would keep the DISCONNECT for later and the stream open.
      return unlessClosed(undefined, () => client.end(!client.connected));
    },
    abort() {
      settle({ kind: 'aborted', by: 'operator' });
      stream.abort();
      client.end(true);
    },
  };
});
