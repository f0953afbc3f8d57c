// The tables of a report: rules with the checks that spoke of each, readings, and what a person attested.
import type { Report, ReportRule } from '../model.ts';
import { caseAnchor, checkAnchor, ruleAnchor } from './cases.ts';
import { joined, markup, type Markup, type Part } from './markup.ts';
import { both, element, say, word } from './say.ts';
import { mark } from './verdicts.ts';
import type { WordKey } from '../words.en.ts';

export function rulesSection(report: Report): Markup {
  return section('rules', 'rules.h', [
    table(
      ['rules.verdict', 'rules.id', 'rules.class', 'rules.title', 'rules.source', 'rules.checks'],
      report.rules.map((rule) => ({ id: ruleAnchor(rule.id), find: rule.verdict, cells: ruleCells(rule) })),
    ),
  ]);
}

function ruleCells(rule: ReportRule): Part[] {
  const title = both({ en: rule.title, 'zh-CN': rule.zh.title });
  const text = both({ en: rule.text, 'zh-CN': rule.zh.text });
  return [
    mark(rule.verdict),
    markup`<b>${rule.id}</b>`,
    word(`class.${rule.class}`),
    markup`<b>${title}</b><br>${text}`,
    markup`<span class="source">${rule.source}</span>`,
    checksOf(rule),
  ];
}

/** Links to the checks, by case. */
function checksOf(rule: ReportRule): Markup {
  if (rule.checks.length === 0) return word('rules.noChecks');
  const byCase = new Map<string, string[]>();
  for (const name of rule.checks) {
    // Neither part has a `#`: the ids of checks are words.
    const at = name.lastIndexOf('#');
    const id = name.slice(0, at);
    byCase.set(id, [...(byCase.get(id) ?? []), name.slice(at + 1)]);
  }
  const items = [...byCase].map(([id, checks]) => {
    const links = checks.map((check) => markup`<a href="#${checkAnchor(id, check)}">${check}</a>`);
    return markup`<li><a href="#${caseAnchor(id)}">${id}</a>: ${joined(links, ', ')}`;
  });
  return markup`<details><summary>${say('rules.count', { checks: rule.checks.length, cases: byCase.size })}</summary><ul>${items}</ul></details>`;
}

export function readingsSection(report: Report): Markup {
  const { readings } = report;
  const known = new Set(report.rules.map((rule) => rule.id));
  const rows = readings.map((one) => ({
    cells: [
      known.has(one.rule) ? markup`<a href="#${ruleAnchor(one.rule)}">${one.rule}</a>` : one.rule,
      markup`<code>${JSON.stringify(one.value)}</code>`,
      both({ en: one.said, 'zh-CN': one.zh.said }),
      markup`<a href="#${checkAnchor(one.case, one.check)}">${one.case}</a>`,
    ],
  }));
  return section('readings', 'readings.h', [
    markup`<p>${word('readings.about')}</p>`,
    rows.length > 0
      ? table(['rules.id', 'readings.value', 'readings.said', 'readings.case'], rows)
      : markup`<p>${word('readings.none')}</p>`,
  ]);
}

export function attestedSection(report: Report): Markup {
  const rows = report.attestations.map((one) => ({
    cells: [markup`<a href="#${caseAnchor(one.case)}">${one.case}</a>`, one.what, one.answer, one.who, one.when],
  }));
  return section('attested', 'attested.h', [
    rows.length > 0
      ? table(['readings.case', 'attested.what', 'attested.answer', 'attested.who', 'attested.when'], rows)
      : markup`<p>${word('attested.none')}</p>`,
  ]);
}

/** A section of the report with its heading. */
export function section(id: string, heading: WordKey, parts: readonly Part[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-h"><h2 id="${id}-h">${word(heading)}</h2>
${parts}</section>
`;
}

interface Row {
  readonly id?: string;
  /** The verdict that the filter looks at. */
  readonly find?: string;
  readonly cells: readonly Part[];
}

/** A table whose rows become blocks on a narrow screen. @param labelled there each cell says its column, as bare figures need it */
export function table(heads: readonly WordKey[], rows: readonly Row[], labelled = false): Markup {
  const label = (column: number): Part => {
    const key = heads[column];
    return labelled && key !== undefined && markup`<span class="column">${word(key)} </span>`;
  };
  return markup`<table class="wide"><thead><tr>${heads.map((key) => markup`${element('th scope="col"', key)}`)}<tbody>
${rows.map(({ id, find, cells }) => markup`<tr${id !== undefined && markup` id="${id}"`}${find !== undefined && markup` data-find="${find}"`}>${cells.map((cell, i) => markup`<td>${label(i)}${cell}`)}\n`)}</table>`;
}
