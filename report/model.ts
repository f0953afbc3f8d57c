// The one canonical report of a conformance run. Every other format is a function of it; no secret ever enters it.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Json, SessionName } from '../kernel/trace/event.ts';
import type { Attestation, CaseResult, RunAbout, RunEnvironment, RunFindings, Subject } from '../scenarios/judge/results.ts';
import type { Conformance, RequiredRule, RuleVerdict } from '../scenarios/judge/rollup.ts';
import type { Said, Verdict } from '../scenarios/judge/verdict.ts';
import { ruleOf } from '../scenarios/rules/catalogue.ts';
import { nameSaid } from './names.ts';
import type { Transcript } from './transcript.ts';

export const REPORT_FORMAT = 'muster-report/1';

export type ReportCase = CaseResult;

/** A rule of the requirement set, in both languages of the reports. */
export interface ReportRule extends RuleVerdict {
  readonly title: string;
  readonly text: string;
  readonly source: string;
  readonly zh: { readonly title: string; readonly text: string };
}

/** Which reading of an open question the subject follows: measured, never judged. */
export interface ReportReading {
  readonly rule: string;
  readonly case: string;
  readonly check: string;
  readonly value: Json;
  readonly said: string;
  readonly zh: { readonly said: string };
}

/** What the run was asked for besides what is said elsewhere, as it was given: so that it can be asked for again. No secret is in it. */
export interface RunAsked {
  /** The target file or URL. */
  readonly target?: string;
  readonly productKey?: string;
  readonly ca?: string;
  /** The selection of cases. */
  readonly case?: string;
  /** The folder of the user's own cases. */
  readonly cases?: string;
  readonly allowDestructive?: boolean;
  /** Seconds that the target had for each answer. */
  readonly timeout?: number;
  /** What the devices' MQTT sessions were, where it was said. */
  readonly session?: SessionName;
}

export interface Report extends RunAbout {
  readonly format: typeof REPORT_FORMAT;
  /** Absent where another than the command made the run. */
  readonly asked?: RunAsked;
  readonly subject: Subject;
  readonly environment: RunEnvironment;
  /** What decides: the rules that this version requires of the claimed profiles, and a digest of them with the checks that speak of each. */
  readonly requirements: { readonly set: string; readonly sha256: string };
  readonly result: {
    readonly conformance: Conformance;
    readonly partial: boolean;
    readonly headline: string;
    readonly reasons: readonly string[];
    /** Required rules, those that some check decided, and those that none did. */
    readonly completeness: { readonly required: number; readonly exercised: number; readonly missing: readonly string[] };
    readonly counts: Readonly<Record<Verdict, number>>;
    readonly zh: { readonly headline: string; readonly reasons: readonly string[] };
  };
  readonly rules: readonly ReportRule[];
  readonly readings: readonly ReportReading[];
  readonly notCovered: readonly (RequiredRule & { readonly title: string; readonly zh?: { readonly title: string } })[];
  readonly profilesNotJudged: readonly string[];
  readonly cases: readonly ReportCase[];
  /** Cases that the user brought along; they decide nothing about conformance. */
  readonly extensions: readonly ReportCase[];
  readonly attestations: readonly Attestation[];
  readonly outOfScope: readonly string[];
  readonly zh: { readonly outOfScope: readonly string[] };
  /** The evidence, stored beside this file. */
  readonly transcript: { readonly file: string; readonly lines: number; readonly sha256: string };
  /** Digest of all the rest; a report without it was cut off or written by hand. */
  readonly footer: { readonly sha256: string };
}

/** What no version of the suite judges (design, introduction). */
const OUT_OF_SCOPE: readonly Said[] = [
  { en: 'MQTT 5', 'zh-CN': 'MQTT 5 协议' },
  { en: 'gateway sub-devices', 'zh-CN': '网关子设备' },
  { en: 'X.509 client certificates', 'zh-CN': 'X.509 客户端证书' },
  { en: 'TLS-PSK', 'zh-CN': 'TLS-PSK 认证' },
  { en: 'the legacy /auth/devicename login', 'zh-CN': '旧版 /auth/devicename 登录' },
];

const WORDS: Readonly<Record<Conformance, Said>> = {
  conformant: { en: 'conformant', 'zh-CN': '符合' },
  'not-conformant': { en: 'not conformant', 'zh-CN': '不符合' },
  undetermined: { en: 'undetermined', 'zh-CN': '未定' },
};

/** File of the evidence, in the folder of the report. */
export const TRANSCRIPT_FILE = 'transcript.jsonl';

/** The report of what a run found and what it was asked for, with the evidence that was written beside it. */
export function makeReport(findings: RunFindings, transcript: Transcript, asked?: RunAsked): Report {
  const { about, conformance, partial, reasons, cases, notCovered, profilesNotJudged } = findings;
  const rules = findings.rules.map((rule): ReportRule => ({ ...rule, ...wordsOf(rule.id) }));
  const said = headline(about, conformance, cases);
  const missing = rules.filter(({ verdict }) => !DECIDED.has(verdict)).map((rule) => rule.id);
  const body: Omit<Report, 'footer'> = {
    format: REPORT_FORMAT,
    ...about,
    ...(asked && Object.keys(asked).length > 0 ? { asked } : {}),
    subject: findings.subject,
    environment: findings.environment,
    requirements: {
      set: about.requirementSet,
      sha256: digestOf(findings.rules.map((rule) => ({ id: rule.id, class: rule.class, checks: rule.checks }))),
    },
    result: {
      conformance,
      partial,
      headline: said.en,
      reasons: reasons.map((reason) => reason.en),
      completeness: { required: rules.length, exercised: rules.length - missing.length, missing },
      counts: countsOf(cases),
      zh: { headline: said['zh-CN'], reasons: reasons.map((reason) => reason['zh-CN']) },
    },
    rules,
    readings: readingsOf(cases),
    notCovered: notCovered.map((rule) => {
      const { title, zh } = wordsOf(rule.id);
      return { ...rule, title, zh: { title: zh.title } };
    }),
    profilesNotJudged,
    cases,
    extensions: findings.extensions,
    attestations: findings.attestations,
    outOfScope: OUT_OF_SCOPE.map((one) => one.en),
    zh: { outOfScope: OUT_OF_SCOPE.map((one) => one['zh-CN']) },
    transcript: { file: TRANSCRIPT_FILE, lines: transcript.lines, sha256: transcript.sha256 },
  };
  return { ...body, footer: { sha256: digestOf(body) } };
}

const DECIDED: ReadonlySet<Verdict> = new Set(['pass', 'warn', 'fail', 'not_applicable']);

/** The digest that the footer of a report has to state. */
export function reportDigest(report: object & Pick<Report, 'footer'>): string {
  const { footer: _, ...body } = report;
  return digestOf(body);
}

/** SHA-256 of the JSON with sorted keys, so that whoever formats the file anew gets the same. */
export function digestOf(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
  return bytesToHex(sha256(utf8ToBytes(sorted)));
}

function countsOf(cases: readonly CaseResult[]): Report['result']['counts'] {
  const counts = { pass: 0, fail: 0, warn: 0, inconclusive: 0, not_applicable: 0, error: 0, not_run: 0 };
  for (const one of cases) counts[one.verdict] += 1;
  return counts;
}

function readingsOf(cases: readonly CaseResult[]): ReportReading[] {
  return cases.flatMap((one) =>
    one.checks.flatMap((check): ReportReading[] =>
      check.kind === 'reading' && check.reading !== undefined
        ? [
            {
              rule: check.rule,
              case: one.id,
              check: check.id,
              value: check.reading,
              said: check.because,
              zh: { said: check.zh.because },
            },
          ]
        : [],
    ),
  );
}

/** One sentence that says what the run found, naming the profiles. */
function headline({ target, requirementSet }: RunAbout, conformance: Conformance, cases: readonly CaseResult[]): Said {
  const passed = cases.filter((one) => one.verdict === 'pass').length;
  const words = WORDS[conformance];
  return {
    en: `${target} is ${words.en} with ${requirementSet}: ${passed} of ${cases.length} cases passed`,
    'zh-CN': `${nameSaid(target)['zh-CN']} 对 ${requirementSet} 的判定为“${words['zh-CN']}”：${cases.length} 个用例中 ${passed} 个通过`,
  };
}

function wordsOf(id: string): Pick<ReportRule, 'title' | 'text' | 'source' | 'zh'> {
  const rule = ruleOf(id);
  if (!rule) return { title: id, text: '', source: 'own', zh: { title: id, text: '' } };
  const { title, text, source } = rule;
  return { title: title.en, text: text.en, source, zh: { title: title['zh-CN'], text: text['zh-CN'] } };
}
