// The sequence diagram of a case: a row for each event, with the time, an arrow between lanes, and the packet to open. Every row has a
// drawing of its own, so that a packet opens where it stands and long sentences wrap.
import { outcomeKey } from '../../kernel/trace/outcome.ts';
import type { CaseRecord, SpanRecord } from '../../scenarios/judge/record.ts';
import { TRANSCRIPT_FILE } from '../model.ts';
import { en } from '../words.en.ts';
import { anchor, markup, type Markup, type Part } from './markup.ts';
import { shownEvent, type SeenBy, type ShownEvent } from './packet.ts';
import { say, word } from './say.ts';
import type { Sequence, SequenceRow } from './sequence.ts';

/** Sizes of a row's drawing, in CSS pixels. */
const LANE = 88;
const GUTTER = 12;
const BASE = 21;
const TALL = 999;
const HEAD = 5;

export interface DiagramSettings {
  readonly seenBy: SeenBy;
  /** Number of the case in the file: names of what its rows share are short, since every row has them. */
  readonly nth: number;
}

/** The diagram of a case. */
export function diagramOf(record: CaseRecord, sequence: Sequence, { seenBy, nth }: DiagramSettings): Markup {
  if (record.spans.length === 0) return markup`<p>${word('cases.noEvidence')}</p>`;
  const lanes = new Lanes(sequence);
  const { events, spans } = sequence.left;
  const left =
    spans > 0 && markup`<p class="left">${say('seq.left', { events, spans, file: markup`<code>${TRANSCRIPT_FILE}</code>` })}</p>`;
  return markup`<div class="seq"><svg class="defs" aria-hidden="true"><defs><path id="l${nth}" d="${lanes.lifelines()}"/><g id="e${nth}"><path d="${lanes.lifelines()}"/><path class="k" d="${bracketLine(0)}"/></g></defs></svg>
<div class="r head"><span class="t">${word('seq.time')}</span>${lanes.head()}<span class="x">${word('seq.what')}</span></div>
${sequence.rows.map((row) => drawRow(row, { record, seenBy, lanes, nth, startedAt: sequence.startedAt }))}</div>${left}`;
}

/** Where a span stands in the file. */
export function spanAnchor(caseId: string, span: string): string {
  return anchor('span', caseId, span);
}

interface Drawing {
  readonly record: CaseRecord;
  readonly seenBy: SeenBy;
  readonly lanes: Lanes;
  readonly nth: number;
  readonly startedAt: number;
}

/** Where everyone stands. */
class Lanes {
  readonly #sequence: Sequence;
  readonly #gutter: number;

  constructor(sequence: Sequence) {
    this.#sequence = sequence;
    this.#gutter = sequence.columns * GUTTER;
  }

  #count(): number {
    const { units, others, operator } = this.#sequence;
    return units.length + Number(others) + 1 + Number(operator);
  }

  width(): number {
    return this.#gutter + this.#count() * LANE;
  }

  #x(lane: number): number {
    return this.#gutter + lane * LANE + LANE / 2;
  }

  unit(name: string): number {
    const { units } = this.#sequence;
    const at = units.indexOf(name);
    return this.#x(at < 0 ? units.length : at);
  }

  platform(): number {
    const { units, others } = this.#sequence;
    return this.#x(units.length + Number(others));
  }

  operator(): number {
    return this.platform() + LANE;
  }

  lifelines(): string {
    return Array.from({ length: this.#count() }, (_, lane) => `M${this.#x(lane)} 0V${TALL}`).join('');
  }

  head(): Markup {
    const { units, others, operator } = this.#sequence;
    const names: Part[] = [...units];
    if (others) names.push(word('seq.others'));
    names.push(word('seq.platform'));
    if (operator) names.push(word('seq.operator'));
    return markup`<span class="lanes"><svg width="${this.#gutter}" height="1" aria-hidden="true"></svg>${names.map((one) => markup`<span>${one}</span>`)}</span>`;
  }
}

function drawRow(row: SequenceRow, drawing: Drawing): Markup {
  const { span } = row;
  const { record, lanes, startedAt } = drawing;
  const at = row.kind === 'event' ? row.event.at : row.kind === 'end' ? span.endedAt : span.startedAt;
  const time = markup`<span class="t">${offset(at - startedAt)}</span>`;
  const id = spanAnchor(record.case, span.name);
  switch (row.kind) {
    case 'only': {
      const byOperator = span.unit === null;
      const arrow = byOperator ? arrowBetween(lanes.operator(), lanes.platform()) : `M${lanes.unit(span.unit)} ${BASE - 4}v8`;
      const drawn = draw(row, drawing, arrow, byOperator ? 'op' : 'o', '');
      return markup`<div class="r s" id="${id}">${time}${drawn}<span class="x">${about(span)} ${outcomeOf(span)}</span></div>\n`;
    }
    case 'start':
      return markup`<div class="r s" id="${id}">${time}${draw(row, drawing, '', '', '')}<span class="x">${about(span)}</span></div>\n`;
    case 'end': {
      const lasted = span.endedAt > span.startedAt && say('seq.lasted', { time: seconds(span.endedAt - span.startedAt) });
      return markup`<div class="r z">${time}${draw(row, drawing, '', '', '')}<span class="x">${outcomeOf(span)} ${lasted}</span></div>\n`;
    }
    case 'event':
      return drawEvent(row, shownEvent(row.event, drawing.seenBy), time, drawing);
  }
}

function drawEvent(row: SequenceRow, shown: ShownEvent, time: Markup, drawing: Drawing): Markup {
  const { lanes } = drawing;
  const unit = row.span.unit ?? '';
  const [device, platform] = [lanes.unit(unit), lanes.platform()];
  const { label, towards, tone, gist } = shown;
  const [from, to] = towards === 'device' ? [platform, device] : [device, platform];
  const name = 'name' in label ? label.name : en[label.key];
  const key = 'key' in label && markup` data-w="${label.key}"`;
  // What passed nobody by is a dot on its unit's line, and has its words beside it.
  const arrow = towards === null ? dotAt(device) : arrowBetween(from, to);
  const text = towards !== null && markup`<text x="${(device + platform) / 2}" y="${BASE - 6}"${key}>${name}</text>`;
  const drawn = draw(row, drawing, arrow, 'key' in label ? 'c' : tone === 'bad' ? 'b' : 'o', text);
  const said = 'name' in label ? name : word(label.key);
  const who = markup`${unit} ${towards === 'platform' ? '→' : towards === 'device' ? '←' : ''}`;
  const line = markup`${time}${drawn}<span class="x"><span class="who">${who} ${said} </span>${gist === '' ? name : gist}</span>`;
  return shown.body
    ? markup`<details class="e"><summary class="r">${line}</summary><div class="p">${shown.body}</div></details>\n`
    : markup`<div class="r">${line}</div>\n`;
}

/** The drawing of a row: lifelines, brackets of the steps under way, an arrow, its label. */
function draw(row: SequenceRow, { lanes, nth }: Drawing, path: string, pathClass: string, text: Part): Markup {
  const line = path !== '' && markup`<path class="${pathClass}" d="${path}"/>`;
  return markup`<svg width="${lanes.width()}" aria-hidden="true">${ground(row, nth)}${line}${text}</svg>`;
}

function ground(row: SequenceRow, nth: number): Markup {
  if (row.kind === 'event' && row.open.length === 1 && row.open[0] === 0) return markup`<use href="#e${nth}"/>`;
  const brackets = row.open.map((column) => {
    const x = column * GUTTER + GUTTER / 2;
    if (column !== row.column || row.kind === 'event') return bracketLine(column);
    if (row.kind === 'only') return `M${x + 5} ${BASE - 7}H${x}v14h5`;
    return row.kind === 'start' ? `M${x + 5} ${BASE}H${x}V${TALL}` : `M${x} 0V${BASE - 6}h5`;
  });
  return markup`<use href="#l${nth}"/><path class="k" d="${brackets.join('')}"/>`;
}

function bracketLine(column: number): string {
  return `M${column * GUTTER + GUTTER / 2} 0V${TALL}`;
}

function arrowBetween(from: number, to: number): string {
  const back = to > from ? -HEAD : HEAD;
  return `M${from} ${BASE}H${to}m${back} -4L${to} ${BASE}l${back} 4`;
}

function dotAt(x: number): string {
  return `M${x - HEAD} ${BASE}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`;
}

function about(span: SpanRecord): Markup {
  const who = span.unit === null ? word('seq.operator') : span.unit;
  const facts = Object.keys(span.facts).length > 0 && markup` <code>${JSON.stringify(span.facts)}</code>`;
  return markup`<b>${span.name}</b> <span class="soft">${who}${span.verb === 'operator' ? '' : ` · ${span.verb}`}</span>${facts}`;
}

function outcomeOf(span: SpanRecord): Part {
  if (span.outcome === null) return undefined;
  // Neither good nor bad by itself: most cases expect a refusal.
  return markup`<span class="out">${outcomeKey(span.outcome)}</span>`;
}

function offset(ms: number): string {
  return `+${seconds(ms)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
