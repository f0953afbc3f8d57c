// How a verdict looks: a sign and a word, so that its colour adds nothing that cannot be read.
import type { Conformance } from '../../scenarios/judge/rollup.ts';
import type { Verdict } from '../../scenarios/judge/verdict.ts';
import { markup, type Markup } from './markup.ts';
import { word } from './say.ts';

const SIGNS: Readonly<Record<Verdict, string>> = {
  pass: '✓',
  fail: '✕',
  warn: '!',
  inconclusive: '?',
  error: '‼',
  not_run: '–',
  not_applicable: '○',
};

/** The order in which counts and choices name verdicts: what asks for attention first. */
export const BY_URGENCY: readonly Verdict[] = ['fail', 'error', 'inconclusive', 'warn', 'not_run', 'not_applicable', 'pass'];

/** Does a verdict ask for attention? */
export function asksAttention(verdict: Verdict): boolean {
  return verdict !== 'pass' && verdict !== 'not_applicable';
}

/** The sign and the word of a verdict. */
export function mark(verdict: Verdict): Markup {
  return markup`<span class="v v-${verdict}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${word(`verdict.${verdict}`)}</span>`;
}

const OF_CONFORMANCE: Readonly<Record<Conformance, Verdict>> = {
  conformant: 'pass',
  'not-conformant': 'fail',
  undetermined: 'inconclusive',
};

/** The sign and the word of what the whole run says. */
export function conformanceMark(conformance: Conformance): Markup {
  const verdict = OF_CONFORMANCE[conformance];
  return markup`<strong class="v big v-${verdict}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${word(`conformance.${conformance}`)}</strong>`;
}
