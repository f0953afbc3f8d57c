// The report as one HTML file that needs nothing else: it opens from a disk, without a network, and without its script it is in English.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Report } from '../model.ts';
import type { StoredCase } from '../transcript.ts';
import { en } from '../words.en.ts';
import { casesSection, type EventLimit } from './cases.ts';
import { EVENTS_MAX, limitsFor } from './limits.ts';
import { markup, type Markup } from './markup.ts';
import { document, tongues } from './page.ts';
import { say, word } from './say.ts';
import { claimsSection, limitsSection, resultSection, runSection } from './summary.ts';
import { attestedSection, readingsSection, rulesSection } from './tables.ts';
import { BY_URGENCY } from './verdicts.ts';

/** A file that a browser opens at once, and that a mail still takes. */
const BYTES_MAX = 3_900_000;
/** How often a shorter file is tried, and how much smaller than it should be the next is aimed at. */
const TRIES = 4;
const MARGIN = 0.97;
/** The whole file. */
export function renderHtml(report: Report, evidence: readonly StoredCase[]): string {
  const body = (limitOf: EventLimit): string => page(report, evidence, limitOf);
  const whole = body(() => EVENTS_MAX);
  if (sizeOf(whole) <= BYTES_MAX) return whole;
  const bare = body(() => 0);
  const sizes = { whole: sizeOf(whole), bare: sizeOf(bare), most: BYTES_MAX };
  let planned = 1;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const text = body(limitsFor(report, evidence, sizes, planned));
    const size = sizeOf(text);
    if (size <= BYTES_MAX) return text;
    planned *= (MARGIN * (BYTES_MAX - sizes.bare)) / (size - sizes.bare);
  }
  return bare;
}

const SECTIONS = ['result', 'claims', 'limits', 'run', 'rules', 'readings', 'attested', 'cases'] as const;

function page(report: Report, evidence: readonly StoredCase[], limitOf: EventLimit): string {
  return document({
    title: ['doc.title', report.subject.name],
    controls: controls(),
    nav: SECTIONS.map((id) => markup`<li><a href="#${id}">${word(`nav.${id}`)}</a>`),
    main: [
      markup`<p id="none" class="note" hidden>${word('find.none')}</p>\n`,
      resultSection(report),
      claimsSection(report),
      limitsSection(report),
      runSection(report),
      rulesSection(report),
      readingsSection(report),
      attestedSection(report),
      casesSection(report, evidence, limitOf),
    ],
    foot: say('doc.foot', { version: report.version, file: report.transcript.file }),
  });
}

/** What only the script can do is shown by it. */
function controls(): Markup {
  const choices = BY_URGENCY.map(
    (verdict) => markup`<option value="${verdict}" data-w="verdict.${verdict}">${en[`verdict.${verdict}`]}</option>`,
  );
  return markup`<form id="controls" role="search" aria-labelledby="controls-h" hidden><p id="controls-h" class="hide">${word('find.controls')}</p>
<label>${word('find.text')} <input type="search" id="find" autocomplete="off" spellcheck="false" aria-describedby="find-hint"></label><span id="find-hint" class="hide">${word('find.hint')}</span>
<label>${word('find.verdict')} <select id="verdict"><option value="" data-w="find.every">${en['find.every']}</option><option value="bad" data-w="find.bad">${en['find.bad']}</option>${choices}</select></label>
<output id="shown" for="find verdict">${word('find.shown')} <span></span></output>
<button type="button" id="open">${word('find.open')}</button>
<button type="button" id="close">${word('find.close')}</button>
${tongues()}</form>`;
}

function sizeOf(text: string): number {
  return utf8ToBytes(text).length;
}
