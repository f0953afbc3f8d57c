// One event of a diagram in words: its label on the arrow, what tells it apart beside it, and what it opens to.
import { codeMeaning, connackMeaning } from '../../protocol/codes.ts';
import type { StoredEvent } from '../../scenarios/judge/record.ts';
import { describeEvent, hexDump, type DescribedEvent, type EventTitle, type Field, type FieldName, type FieldValue } from '../packets.ts';
import type { DetailName } from '../packets.ts';
import { CODES_ZH, CONNACK_ZH } from '../words.zh-CN.ts';
import type { WordKey } from '../words.en.ts';
import { markup, type Markup, type Part } from './markup.ts';
import { both, element, say, word } from './say.ts';

/** At which end of the connections the evidence was recorded. */
export type SeenBy = 'device' | 'platform';

/** Longer values and packets are cut: the transcript has them whole. */
const VALUE_LENGTH = 2_000;
const HEX_BYTES = 512;

export interface ShownEvent {
  /** On the arrow: a name of the wire, or a word. */
  readonly label: { readonly name: string } | { readonly key: WordKey };
  /** Beside it. */
  readonly gist: Part;
  readonly tone: DescribedEvent['tone'];
  readonly towards: 'platform' | 'device' | null;
  /** Fields and bytes; undefined where there is no more to say. */
  readonly body: Markup | undefined;
}

export function shownEvent(event: StoredEvent, seenBy: SeenBy): ShownEvent {
  const described = describeEvent(event);
  const { title, tone } = described;
  return {
    tone,
    label: labelOf(title),
    gist: gistOf(described, seenBy),
    towards: towardsOf(event, seenBy),
    body: described.hex === null ? undefined : bodyOf(described, described.hex),
  };
}

function towardsOf(event: StoredEvent, seenBy: SeenBy): ShownEvent['towards'] {
  const other = seenBy === 'device' ? 'platform' : 'device';
  if (event.kind === 'opened') return 'platform';
  if (event.kind === 'closed') return event.ending.by === 'local' ? other : event.ending.by === 'remote' ? seenBy : null;
  if (event.kind !== 'packet' && event.kind !== 'bytes') return null;
  return event.dir === 'out' ? other : seenBy;
}

function labelOf(title: EventTitle): ShownEvent['label'] {
  switch (title.is) {
    case 'name':
      return { name: title.name };
    case 'bytes':
    case 'undecoded':
    case 'broke':
      return { key: `seq.${title.is}` };
    case 'opened':
      return { key: 'seq.open' };
    case 'closed':
      return { key: 'seq.close' };
  }
}

function gistOf({ title, gist, fields }: DescribedEvent, seenBy: SeenBy): Part {
  switch (title.is) {
    case 'name': {
      const meaning = fields.find(([, value]) => typeof value === 'object');
      if (!meaning) return gist;
      return [gist, gist === '' ? '' : ' · ', valueWords(meaning[1])];
    }
    case 'bytes':
      return say('event.bytes', { count: title.count });
    case 'undecoded':
      return word('event.undecoded');
    case 'opened':
      return say('event.opened', { conn: title.conn, to: title.to });
    case 'closed': {
      const byDevice = (title.by === 'local') === (seenBy === 'device');
      return say(byDevice ? 'event.closed.device' : 'event.closed.platform', { conn: title.conn });
    }
    case 'broke':
      return say('event.broke', { conn: title.conn, code: title.code });
  }
}

function bodyOf({ fields, details }: DescribedEvent, hex: string): Markup {
  const all: readonly Field<FieldName | DetailName>[] = [...fields, ...details];
  const rows = all.map(([name, value]) => markup`${element('dt', `field.${name}`)}<dd>${valueWords(value)}</dd>`);
  const bytes = hex.length / 2;
  const more = bytes > HEX_BYTES && markup`<p>${say('event.more', { count: bytes - HEX_BYTES })}</p>`;
  const shown = hex.slice(0, HEX_BYTES * 2);
  // What is decoded has its text above; the rest is read beside its bytes.
  const dump = all.length > 0 ? grouped(shown) : hexDump(shown);
  return markup`${rows.length > 0 && markup`<dl>${rows}</dl>`}<pre>${dump}</pre>${more}`;
}

/** Four bytes a group. */
function grouped(hex: string): string {
  return hex.replace(/.{8}(?=.)/g, '$& ');
}

function valueWords(value: FieldValue): Part {
  if (typeof value === 'boolean') return word(value ? 'field.yes' : 'field.no');
  if (typeof value === 'object') {
    const { meaningOf, code } = value;
    const [en, zh] = meaningOf === 'connack' ? [connackMeaning(code), CONNACK_ZH[code]] : [codeMeaning(code), CODES_ZH[code]];
    return both({ en, 'zh-CN': zh ?? `未知代码 ${code}` });
  }
  const text = String(value);
  return text.length > VALUE_LENGTH ? [text.slice(0, VALUE_LENGTH), say('event.more', { count: text.length - VALUE_LENGTH })] : text;
}
