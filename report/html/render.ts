// The report as one HTML file that needs nothing else: it opens from a disk, without a network, and without its script it is in English.
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Report } from '../model.ts';
import type { StoredCase } from '../transcript.ts';
import { en } from '../words.en.ts';
import { zhCN } from '../words.zh-CN.ts';
import { casesSection, type EventLimit } from './cases.ts';
import { EVENTS_MAX, limitsFor } from './limits.ts';
import { Markup, markup } from './markup.ts';
import { say, word } from './say.ts';
import script from './script.web.ts?raw';
import style from './style.css?raw';
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
  const title = say('doc.title', { name: report.subject.name });
  const name = en['doc.title'].replace('{name}', report.subject.name);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${name}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#result">${word('doc.skip')}</a>
<header id="top"><h1>${title}</h1>${controls()}</header>
<nav aria-labelledby="nav-h"><p id="nav-h" class="hide">${word('nav.sections')}</p><ul>${SECTIONS.map((id) => markup`<li><a href="#${id}">${word(`nav.${id}`)}</a>`)}</ul></nav>
<main>
<p id="none" class="note" hidden>${word('find.none')}</p>
${resultSection(report)}${claimsSection(report)}${limitsSection(report)}${runSection(report)}${rulesSection(report)}${readingsSection(report)}${attestedSection(report)}${casesSection(report, evidence, limitOf)}
</main>
<footer><p>${say('doc.foot', { version: report.version, file: report.transcript.file })} <a href="#top">${word('doc.top')}</a></p></footer>
<script type="application/json" id="words">${new Markup(wordsJson())}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
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
<span class="tongues" role="group" aria-labelledby="tongues-h"><span id="tongues-h" class="hide">${word('find.language')}</span><button type="button" lang="en" class="only" data-language="en" aria-pressed="true">English</button><button type="button" lang="zh-CN" class="only" data-language="zh-CN" aria-pressed="false">简体中文</button></span></form>`;
}

/** Only the script and the style of this file, and no connection to anywhere. */
function policy(): string {
  return `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
}

function hashOf(text: string): string {
  return `sha256-${btoa(String.fromCharCode(...sha256(utf8ToBytes(text))))}`;
}

/** In a script element `<` could end it. */
function wordsJson(): string {
  return JSON.stringify({ en, 'zh-CN': zhCN }).replaceAll('<', String.raw`\u003c`);
}

function sizeOf(text: string): number {
  return utf8ToBytes(text).length;
}
