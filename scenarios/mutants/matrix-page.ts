// The kill matrix as pages of the documentation: what found each mutant in a cell and over TLS, and which checks never had to.
import type { CaseDefinition } from '../engine/case.ts';
import { judgedClass } from '../engine/requirements.ts';
import { EQUIVALENT } from './equivalent.ts';
import type { Killed, MatrixRow, TlsRow } from './matrix.ts';
import { whyUntouched } from './untouched.ts';

/** The matrix, and every check that no mutant turns red, with the reason. */
export function matrixPage(rows: readonly MatrixRow[], cases: readonly CaseDefinition[]): string {
  const lines = [
    '# Kill matrix',
    '',
    'Written by `npm run mutants`; do not edit. Each row is a platform or a firmware that is wrong in one respect, and the checks of the',
    'rule it breaks that find it. A rule with a single killing check rests on that one check.',
    '',
    '| mutant | breaks | class | found by | checks of other rules |',
    '|---|---|---|---|---|',
  ];
  for (const { mutant, rule, class: ruleClass, killers, others } of rows) {
    const names = killers.length > 0 ? killers.map((name) => `\`${short(name)}\``).join('<br>') : (EQUIVALENT[mutant] ?? '**nothing**');
    lines.push(`| \`${mutant}\` | ${rule} | ${ruleClass} | ${names} | ${others.length} |`);
  }
  const rules = new Map<string, Set<string>>();
  for (const row of rows) for (const name of row.killers) rules.set(row.rule, (rules.get(row.rule) ?? new Set()).add(name));
  lines.push('', `${rows.length} mutants of ${new Set(rows.map((row) => row.rule)).size} rules.`);
  const single = [...rules].filter(([, checks]) => checks.size === 1).map(([rule]) => rule);
  lines.push('', single.length > 0 ? `Rules that one check alone guards: ${single.join(', ')}.` : 'No rule is guarded by one check alone.');
  return [...lines, '', ...untouchedPart(rows, cases), ''].join('\n');
}

/** Judged checks that stay green whatever mutant they meet, by the reason. */
function untouchedPart(rows: readonly MatrixRow[], cases: readonly CaseDefinition[]): string[] {
  const red = new Set(rows.flatMap(({ killers, others }) => [...killers, ...others]));
  const groups = new Map<string, string[]>();
  let judged = 0;
  for (const { id, checks } of cases) {
    for (const check of checks) {
      if (check.reading || judgedClass(check.rule) === 'R') continue;
      judged += 1;
      const name = `${id}#${check.id}`;
      if (red.has(name)) continue;
      const why = whyUntouched(name) ?? 'Without a reason';
      groups.set(why, [...(groups.get(why) ?? []), name]);
    }
  }
  const count = [...groups.values()].reduce((sum, names) => sum + names.length, 0);
  const lines = ['## Checks that no mutant turns red', '', `${count} of ${judged} judged checks.`];
  for (const [why, names] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push('', `${why}:`, '', ...names.map((name) => `- \`${short(name)}\``));
  }
  return lines;
}

/** What the page says of the mutants of a platform, to find them again without a matrix of one's own. */
export function readMatrixPage(page: string): Killed[] {
  return page.split('\n').flatMap((line) => {
    const [mutant, rule = '', ruleClass, found = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    const id = /^`(.*)`$/.exec(mutant ?? '')?.[1];
    if (id === undefined || !rule.startsWith('RULE-')) return [];
    const killers = [...found.matchAll(/`([^`]+)`/g)].map(([, name]) => `platform/${name}`);
    return [{ mutant: id, class: ruleClass === 'S' ? ('S' as const) : ('M' as const), killers }];
  });
}

/** What found each mutant over TLS, as a page. */
export function tlsPage(rows: readonly TlsRow[], seconds: number, jobs: number): string {
  const sorted = [...rows].sort((a, b) => (a.mutant < b.mutant ? -1 : 1));
  return [
    '# Mutants over TLS',
    '',
    'Written by `muster mutants --over-tls --tls-page FILE`; do not edit. Each wrong platform ran as a process of its own (`muster stub`), and',
    'a process that was not told which it is judged it over TLS by the cases that find it in a cell, the cheapest first.',
    '',
    `${rows.length} mutants found in ${Math.round(seconds)} s with --jobs ${jobs}.`,
    '',
    '| mutant | found by |',
    '|---|---|',
    ...sorted.map(({ mutant, by }) => `| \`${mutant}\` | \`${short(by)}\` |`),
    '',
  ].join('\n');
}

function short(name: string): string {
  return name.replace(/^(platform|firmware)\//, '');
}
