// The head of a report: what was found, what that claims and what it does not, and how to repeat it.
import type { Report } from '../model.ts';
import { nameSaid } from '../names.ts';
import type { WordKey } from '../words.en.ts';
import { caseAnchor, checkAnchor, ruleAnchor } from './cases.ts';
import { commandOf } from './command.ts';
import { joined, markup, type Markup, type Part } from './markup.ts';
import { both, element, say, word } from './say.ts';
import { section } from './tables.ts';
import { asksAttention, BY_URGENCY, conformanceMark, mark } from './verdicts.ts';

/** Subject, verdict, figures, and what did not pass. */
export function resultSection(report: Report): Markup {
  const { result, cases } = report;
  const { counts, completeness } = result;
  const odd = cases.filter((one) => asksAttention(one.verdict));
  const shown = BY_URGENCY.filter((verdict) => counts[verdict] > 0);
  return section('result', 'nav.result', [
    markup`<p class="banner banner-${result.conformance}">${conformanceMark(result.conformance)}<span><b>${both(nameSaid(report.subject.name))}</b><br><code>${report.requirementSet}</code></span></p>`,
    markup`<p>${both({ en: result.headline, 'zh-CN': result.zh.headline })}</p>`,
    markup`<p>${say('result.rules', { ...completeness })}</p>`,
    result.reasons.length > 0 && [markup`<h3>${word('result.undecided')}</h3>`, list(inBoth(result.reasons, result.zh.reasons))],
    markup`<h3>${word('result.counts')}</h3>`,
    markup`<ul class="counts">${shown.map((verdict) => markup`<li><b>${counts[verdict]}</b> ${mark(verdict)}`)}</ul>`,
    odd.length > 0 && [
      markup`<h3>${word('result.odd')}</h3>`,
      list(
        odd.map(
          (one) =>
            markup`${mark(one.verdict)} <a href="#${caseAnchor(one.id)}">${one.id}</a> ${both({ en: one.title, 'zh-CN': one.zh.title })}`,
        ),
      ),
    ],
  ]);
}

export function claimsSection(report: Report): Markup {
  const { subject, requirements, readings, rules } = report;
  const met = rules.filter((rule) => rule.verdict === 'pass').map((rule) => ruleLink(rule.id));
  const none = word('limits.none');
  return section('claims', 'claims.h', [
    facts([
      ['claims.subject', markup`${both(nameSaid(subject.name))}: ${word(`kind.${subject.kind}`)}`],
      ...(subject.mutant === undefined ? [] : ([['claims.mutant', markup`<code>${subject.mutant}</code>`]] as const)),
      ['claims.endpoints', subject.endpoints.length > 0 ? codes(subject.endpoints) : word('claims.noEndpoints')],
      ['claims.direction', word(`direction.${report.direction}`)],
      ['claims.edition', markup`<code>${report.edition}</code>`],
      ['claims.profiles', report.profiles.length > 0 ? codes(report.profiles) : none],
      ['claims.set', markup`<code>${requirements.set}</code>`],
      ['claims.setDigest', markup`<code>${requirements.sha256}</code>`],
      ['claims.met', met.length > 0 ? joined(met, ', ') : none],
      [
        'claims.readings',
        readings.length > 0 ? markup`<a href="#readings">${say('claims.seeReadings', { count: readings.length })}</a>` : none,
      ],
      ['claims.administrator', word(`admin.${subject.administrator}`)],
      ['claims.pace', `${subject.paceMs / 1000} s`],
      ['claims.destructive', word(subject.destructiveAllowed ? 'claims.allowed' : 'claims.forbidden')],
    ]),
  ]);
}

export function limitsSection(report: Report): Markup {
  const titled = (verdict: string): Markup[] =>
    report.rules
      .filter((rule) => rule.verdict === verdict)
      .map((rule) => markup`${ruleLink(rule.id)} ${both({ en: rule.title, 'zh-CN': rule.zh.title })}`);
  const missing = report.rules.filter((rule) => report.result.completeness.missing.includes(rule.id));
  const parts: [WordKey, readonly Part[]][] = [
    ['limits.failed', titled('fail')],
    ['limits.warnings', warnings(report)],
    [
      'limits.undecided',
      missing.map((rule) => markup`${ruleLink(rule.id)} ${mark(rule.verdict)} ${both({ en: rule.title, 'zh-CN': rule.zh.title })}`),
    ],
    ['limits.notApplicable', titled('not_applicable')],
    [
      'limits.notCovered',
      report.notCovered.map(
        (rule) =>
          markup`<b>${rule.id}</b> ${word(`class.${rule.class}`)}: ${both({ en: rule.title, 'zh-CN': rule.zh?.title ?? rule.title })}`,
      ),
    ],
    ['limits.profiles', report.profilesNotJudged.map((profile) => markup`<code>${profile}</code>`)],
    ['limits.attested', report.attestations.map((one) => markup`<a href="#attested">${one.case}</a>: ${one.what}`)],
    ['limits.outOfScope', inBoth(report.outOfScope, report.zh.outOfScope)],
  ];
  return section('limits', 'limits.h', [
    markup`<p class="security"><span aria-hidden="true">!</span> ${word('limits.security')}</p>`,
    parts.map(([key, items]) => markup`<h3>${word(key)}</h3>${items.length > 0 ? list(items) : markup`<p>${word('limits.none')}</p>`}\n`),
  ]);
}

/** Every warning in full. */
function warnings(report: Report): Markup[] {
  return report.cases.flatMap((one) =>
    one.checks
      .filter((check) => check.verdict === 'warn')
      .map(
        (check) =>
          markup`${ruleLink(check.rule)} ${both({ en: check.because, 'zh-CN': check.zh.because })} <a href="#${checkAnchor(one.id, check.id)}">${one.id}</a>`,
      ),
  );
}

export function runSection(report: Report): Markup {
  const { environment, transcript } = report;
  const embedded = report.subject.kind === 'embedded-stub' || report.subject.kind === 'reference-device';
  const time = (at: string | null): Part => at ?? word('run.untimed');
  return section('run', 'run.h', [
    facts([
      ['run.command', markup`<code>${commandOf(report)}</code>`],
      ['run.version', report.version],
      ['run.runner', `${environment.runner} ${environment.runtime}, ${environment.system}`],
      ['run.jobs', environment.jobs],
      ['run.seed', markup`<code>${report.seed}</code>`],
      ['run.namespace', markup`<code>${report.namespace}</code>`],
      ['run.started', time(environment.startedAt)],
      ['run.ended', time(environment.endedAt)],
      ['run.transcript', say('run.transcriptLines', { file: markup`<code>${transcript.file}</code>`, lines: transcript.lines })],
      ['run.transcriptDigest', markup`<code>${transcript.sha256}</code>`],
      ['run.reportDigest', markup`<code>${report.footer.sha256}</code>`],
    ]),
    report.result.partial && report.asked?.case === undefined && element('p', 'run.partial'),
    !embedded && element('p', 'run.target'),
  ]);
}

/** Sentences that the report has as two lists. */
function inBoth(english: readonly string[], chinese: readonly string[]): Markup[] {
  return english.map((en, i) => both({ en, 'zh-CN': chinese[i] ?? en }));
}

function ruleLink(id: string): Markup {
  return markup`<a href="#${ruleAnchor(id)}">${id}</a>`;
}

function codes(names: readonly string[]): Markup {
  return joined(
    names.map((name) => markup`<code>${name}</code>`),
    ', ',
  );
}

function list(items: readonly Part[]): Markup {
  return markup`<ul class="list">${items.map((item) => markup`<li>${item}`)}</ul>`;
}

/** Names and values, one below the other. */
export function facts(rows: readonly (readonly [WordKey, Part])[]): Markup {
  return markup`<dl class="facts">${rows.map(([key, value]) => markup`${element('dt', key)}<dd>${value}</dd>`)}</dl>`;
}
