// Events of the evidence as data for whoever shows them: what a packet is, its fields by name, what its codes mean. Words are the reader's.
import { fromHex, toHex } from '../kernel/bytes/concat.ts';
import type { TraceEvent } from '../kernel/trace/event.ts';
import { outcomeKey } from '../kernel/trace/outcome.ts';
import { decodePacket } from '../scenarios/judge/decode.ts';
import type { StoredEvent } from '../scenarios/judge/record.ts';

/** Names of fields that every reader has words for. */
export type FieldName =
  | 'clientId'
  | 'username'
  | 'password'
  | 'keepAlive'
  | 'clean'
  | 'meaning'
  | 'sessionPresent'
  | 'topic'
  | 'qos'
  | 'payload'
  | 'code'
  | 'filter'
  | 'granted'
  | 'packetId';

/** Names of fields that only a full account of a packet shows. */
export type DetailName = 'protocol' | 'will' | 'retain' | 'duplicate';

/** A value as it stands on the wire, or the number of a meaning that has words in every language. */
export type FieldValue = string | number | boolean | { readonly meaningOf: 'connack' | 'code'; readonly code: number };

export type Field<Name = FieldName> = readonly [name: Name, value: FieldValue];

/** What an event is called: a name of the wire, or a sentence with values. */
export type EventTitle =
  | { readonly is: 'name'; readonly name: string }
  | { readonly is: 'bytes'; readonly count: number }
  | { readonly is: 'undecoded' }
  | { readonly is: 'opened'; readonly conn: number; readonly to: string }
  | { readonly is: 'closed'; readonly conn: number; readonly by: 'local' | 'remote' }
  | { readonly is: 'broke'; readonly conn: number; readonly code: string };

export interface DescribedEvent {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly dir: 'out' | 'in' | null;
  readonly title: EventTitle;
  /** What tells it from others of its name: a topic, a ClientID. */
  readonly gist: string;
  readonly tone: 'good' | 'bad' | null;
  readonly fields: readonly Field[];
  readonly details: readonly Field<DetailName>[];
  readonly hex: string | null;
}

/** An event of a device or of its stored evidence. */
export function describeEvent(event: TraceEvent | StoredEvent): DescribedEvent {
  const { at } = event;
  const plain = { at, dir: null, gist: '', tone: null, fields: [], details: [], hex: null } as const;
  switch (event.kind) {
    case 'packet':
    case 'bytes': {
      const hex = 'hex' in event ? event.hex : toHex(event.bytes);
      const what = event.kind === 'packet' ? describePacket(hex) : { title: { is: 'bytes', count: hex.length / 2 } as const };
      return { ...plain, ...what, dir: event.dir, hex };
    }
    case 'opened': {
      const { kind, peer, port } = event.facts;
      return { ...plain, title: { is: 'opened', conn: event.conn, to: `${kind} ${peer}:${port}` } };
    }
    case 'closed': {
      const { ending, conn } = event;
      if (ending.by === 'fault') return { ...plain, tone: 'bad', title: { is: 'broke', conn, code: ending.code } };
      return { ...plain, title: { is: 'closed', conn, by: ending.by } };
    }
    case 'outcome': {
      const good = event.outcome.kind === 'issued' || event.outcome.kind === 'accepted';
      return { ...plain, tone: good ? 'good' : 'bad', title: named(`${event.verb}: ${outcomeKey(event.outcome)}`) };
    }
    case 'operator':
      return { ...plain, title: named(event.action) };
    case 'witness':
      return { ...plain, tone: event.holds ? 'good' : 'bad', title: named(event.what) };
  }
}

type PacketWords = Pick<DescribedEvent, 'title'> & Partial<Pick<DescribedEvent, 'gist' | 'tone' | 'fields' | 'details'>>;

function named(name: string): EventTitle {
  return { is: 'name', name };
}

function describePacket(hex: string): PacketWords {
  const packet = decodePacket(hex);
  if (!packet) return { title: { is: 'undecoded' }, tone: 'bad' };
  const name = packet.cmd.toUpperCase();
  const title = named(name);

  switch (packet.cmd) {
    case 'connect':
      return {
        title,
        gist: packet.clientId,
        fields: [
          ['clientId', packet.clientId],
          ['username', packet.username ?? '—'],
          ['password', String(packet.password ?? '—')],
          ['keepAlive', `${packet.keepalive ?? 0} s`],
          ['clean', packet.clean ?? false],
        ],
        details: [
          ['protocol', `${packet.protocolId ?? ''} ${packet.protocolVersion ?? ''}`],
          ...(packet.will ? [['will', packet.will.topic] as const] : []),
        ],
      };
    case 'connack': {
      const code = packet.returnCode ?? 0;
      return {
        title: named(`${name} ${code}`),
        tone: code === 0 ? 'good' : 'bad',
        fields: [
          ['meaning', { meaningOf: 'connack', code }],
          ['sessionPresent', packet.sessionPresent],
        ],
      };
    }
    case 'publish': {
      const payload = packet.payload.toString();
      const { topic, qos, messageId } = packet;
      return {
        title,
        gist: topic,
        fields: [['topic', topic], ['qos', qos], ['payload', payload], ...codeField(payload), ...idField(messageId)],
        details: [
          ['retain', packet.retain],
          ['duplicate', packet.dup],
        ],
      };
    }
    case 'subscribe':
      return {
        title,
        gist: packet.subscriptions.map((one) => one.topic).join(' '),
        fields: packet.subscriptions.map((one) => ['filter', `${one.topic} (QoS ${one.qos})`]),
      };
    case 'suback': {
      const granted = packet.granted.map(Number).join(', ');
      return { title, gist: granted, fields: [['granted', granted]] };
    }
    default:
      return { title, fields: idField(packet.messageId) };
  }
}

function idField(id: number | undefined): Field[] {
  return id === undefined ? [] : [['packetId', id]];
}

/** The code of a reply, where there is one other than success. */
function codeField(payload: string): Field[] {
  const code = /"code":(\d+)/.exec(payload)?.[1];
  return code === undefined || code === '200' ? [] : [['code', { meaningOf: 'code', code: Number(code) }]];
}

/** `0000  10 8c 01 …  ..MQTT`, sixteen bytes a line. */
export function hexDump(hex: string): string {
  const bytes = fromHex(hex) ?? new Uint8Array(0);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const codes = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${codes.padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}
