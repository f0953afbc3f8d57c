// Events of a device in words: what report/packets.ts describes, in the language of the page. Nothing is judged here.
import type { TraceEvent } from '../../kernel/trace/event.ts';
import { codeMeaning, connackMeaning } from '../../protocol/codes.ts';
import { describeEvent, type EventTitle, type FieldValue } from '../../report/packets.ts';
import type { StoredEvent } from '../../scenarios/judge/record.ts';
import { number, t } from '../i18n/t.svelte.ts';

export { hexDump } from '../../report/packets.ts';

export interface Row {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly dir: 'out' | 'in' | null;
  readonly title: string;
  readonly tone: 'good' | 'bad' | null;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly hex: string | null;
}

/** The row of an event; witnesses and operators' acts have places of their own. */
export function rowOf(event: TraceEvent | StoredEvent): Row {
  const { at, dir, tone, hex, title, fields } = describeEvent(event);
  return { at, dir, tone, hex, title: titleWords(title), fields: fields.map(([name, value]) => [t(`field.${name}`), valueWords(value)]) };
}

function titleWords(title: EventTitle): string {
  switch (title.is) {
    case 'name':
      return title.name;
    case 'bytes':
      return t('packet.bytes', { count: number(title.count) });
    case 'undecoded':
      return t('packet.undecoded');
    case 'opened':
      return t('packet.opened', { conn: title.conn, to: title.to });
    case 'closed':
      return t(`packet.closed.${title.by}`, { conn: title.conn });
    case 'broke':
      return t('packet.closed.fault', { conn: title.conn, code: title.code });
  }
}

function valueWords(value: FieldValue): string {
  if (typeof value === 'object') return value.meaningOf === 'connack' ? connackMeaning(value.code) : codeMeaning(value.code);
  return typeof value === 'boolean' ? t(value ? 'field.yes' : 'field.no') : String(value);
}
