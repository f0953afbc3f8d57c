// Events of a device in words: MQTT packets decoded, connections and outcomes named. Nothing is judged here.
import { fromHex, toHex } from '../../kernel/bytes/concat.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import { outcomeKey } from '../../kernel/trace/outcome.ts';
import { codeMeaning, connackMeaning } from '../../protocol/codes.ts';
import { decodePacket } from '../../scenarios/judge/decode.ts';
import type { StoredEvent } from '../../scenarios/judge/record.ts';
import { number, t, type Key } from '../i18n/t.svelte.ts';

export interface Row {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly dir: 'out' | 'in' | null;
  readonly title: string;
  readonly tone: 'good' | 'bad' | null;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly hex: string | null;
}

type AnyEvent = TraceEvent | StoredEvent;

/** The row of an event; witnesses and operators' acts have places of their own. */
export function rowOf(event: AnyEvent): Row {
  const { at } = event;
  const plain = { at, dir: null, tone: null, fields: [], hex: null } as const;
  switch (event.kind) {
    case 'packet':
    case 'bytes': {
      const hex = 'hex' in event ? event.hex : toHex(event.bytes);
      const shown =
        event.kind === 'packet'
          ? packetWords(hex)
          : { title: t('packet.bytes', { count: number(hex.length / 2) }), fields: [], tone: null };
      return { at, dir: event.dir, hex, ...shown };
    }
    case 'opened':
      return {
        ...plain,
        title: t('packet.opened', { conn: event.conn, to: `${event.facts.kind} ${event.facts.peer}:${event.facts.port}` }),
      };
    case 'closed': {
      const { ending, conn } = event;
      if (ending.by === 'fault') return { ...plain, tone: 'bad', title: t('packet.closed.fault', { conn, code: ending.code }) };
      return { ...plain, title: t(`packet.closed.${ending.by}`, { conn }) };
    }
    case 'outcome': {
      const good = event.outcome.kind === 'issued' || event.outcome.kind === 'accepted';
      return { ...plain, tone: good ? 'good' : 'bad', title: `${event.verb}: ${outcomeKey(event.outcome)}` };
    }
    case 'operator':
      return { ...plain, title: event.action };
    case 'witness':
      return { ...plain, tone: event.holds ? 'good' : 'bad', title: event.what };
  }
}

type Words = Pick<Row, 'title' | 'fields' | 'tone'>;
type FieldKey = Extract<Key, `field.${string}`> extends `field.${infer Name}` ? Name : never;

function field(name: FieldKey, value: string | number | boolean): [string, string] {
  return [t(`field.${name}`), typeof value === 'boolean' ? t(value ? 'field.yes' : 'field.no') : String(value)];
}

function packetWords(hex: string): Words {
  const packet = decodePacket(hex);
  if (!packet) return { title: t('packet.undecoded'), fields: [], tone: 'bad' };
  const title = packet.cmd.toUpperCase();

  switch (packet.cmd) {
    case 'connect':
      return {
        title,
        tone: null,
        fields: [
          field('clientId', packet.clientId),
          field('username', packet.username ?? '—'),
          field('password', String(packet.password ?? '—')),
          field('keepAlive', `${packet.keepalive ?? 0} s`),
          field('clean', packet.clean ?? false),
        ],
      };
    case 'connack': {
      const code = packet.returnCode ?? 0;
      return {
        title: `${title} ${code}`,
        tone: code === 0 ? 'good' : 'bad',
        fields: [field('meaning', connackMeaning(code)), field('sessionPresent', packet.sessionPresent)],
      };
    }
    case 'publish': {
      const payload = packet.payload.toString();
      return {
        title,
        tone: null,
        fields: [field('topic', packet.topic), field('qos', packet.qos), field('payload', payload), ...codeField(payload)],
      };
    }
    case 'subscribe':
      return { title, tone: null, fields: packet.subscriptions.map((one) => field('filter', `${one.topic} (QoS ${one.qos})`)) };
    case 'suback':
      return { title, tone: null, fields: [field('granted', packet.granted.map(Number).join(', '))] };
    default:
      return { title, tone: null, fields: packet.messageId === undefined ? [] : [field('packetId', packet.messageId)] };
  }
}

/** What a reply's code means, where there is one other than success. */
function codeField(payload: string): [string, string][] {
  const code = /"code":(\d+)/.exec(payload)?.[1];
  return code === undefined || code === '200' ? [] : [field('code', codeMeaning(Number(code)))];
}

/** `0000  10 8c 01 …  |..MQTT|`, sixteen bytes a line. */
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
