// Is a stored run what it says it is? Digests, completeness and every verdict are worked out anew, and what differs is named.
import { messageOf } from '../kernel/errors.ts';
import type { Profile } from '../scenarios/rules/catalogue.ts';
import type { Report } from './model.ts';
import { lineOfPath, readReportFile, readTranscriptFile, type Problem, type ReadTranscript, type RunFile } from './verify-files.ts';
import { rebuild, type JudgingVersion } from './verify-rebuild.ts';

export interface Verification {
  readonly problems: readonly Problem[];
  /** What could not be worked out, or is to be known besides. */
  readonly notes: readonly string[];
  /** Undefined where the report could not be read. */
  readonly report: Report | undefined;
  /** Cases that were judged again, the user's among them. */
  readonly judged: number;
  /** Checks of cases of the user's that were not, for want of their modules: `case#check`. */
  readonly notJudged: readonly string[];
}

/** Works out a stored run anew. */
export function verifyRun(reportFile: RunFile, transcriptFile: RunFile, judging: JudgingVersion): Verification {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const read = readReportFile(reportFile, problems);
  const transcript = readTranscriptFile(transcriptFile, problems);
  if (!read || !transcript) return { problems, notes, report: read?.report, judged: 0, notJudged: [] };
  const { report, text } = read;
  const say = (path: Path, what: string): void => {
    problems.push({ where: `${reportFile.name}${lineOfPath(text, report, path)}`, what });
  };
  if (report.transcript.sha256 !== transcript.sha256 || report.transcript.lines !== transcript.lines)
    say(['transcript'], `it is about other evidence than ${transcriptFile.name}`);
  for (const key of ABOUT) {
    if (JSON.stringify(report[key]) !== JSON.stringify(transcript.header[key]))
      say([key], `${key} is ${brief(report[key])}, the header of the evidence says ${brief(transcript.header[key])}`);
  }
  const same = report.version === judging.version;
  if (!same)
    notes.push(
      `the report is of version ${report.version}, this is ${judging.version}: verdicts were not judged again, only added up; ` +
        `version ${report.version} can do both`,
    );
  checkCases(report, transcript, transcriptFile.name, judging, same, problems, say);
  try {
    const again = rebuild(report, transcript.cases, transcript, judging);
    for (const difference of differences(report, again, [])
      .filter(({ path }) => same || !ofVersion(path))
      .sort((a, b) => weightOf(a) - weightOf(b))
      .slice(0, MOST))
      say(difference.path, sentence(difference, report));
  } catch (error) {
    // Only evidence that was not stored by a run has another shape than oracles expect.
    problems.push({ where: transcriptFile.name, what: `the evidence cannot be judged: ${messageOf(error)}` });
  }
  if (problems.length === 1 && problems[0]?.what.includes('digest of its footer'))
    problems[0] = { ...problems[0], what: `${problems[0].what} in what it alone says: ${ALONE.join(', ')}, or the footer itself` };
  const again = [...report.cases, ...report.extensions.filter((one) => judging.own?.has(one.id) === true)];
  const left = report.extensions.filter((one) => !same || judging.own?.has(one.id) !== true);
  return {
    problems,
    notes,
    report,
    judged: same ? again.filter((one) => one.clock !== null).length : 0,
    notJudged: left.flatMap((one) => one.checks.map((check) => `${one.id}#${check.id}`)),
  };
}

type Path = readonly (string | number)[];

const MOST = 20;
const ABOUT = ['version', 'direction', 'target', 'edition', 'profiles', 'seed', 'namespace', 'requirementSet'] as const;
const ALONE = ['subject', 'environment', 'asked', 'attestations', 'why a case did not run', 'cases of the user'] as const;

/** Are all cases there, once each, with the evidence that they claim? */
function checkCases(
  report: Report,
  transcript: ReadTranscript,
  evidence: string,
  judging: JudgingVersion,
  same: boolean,
  problems: Problem[],
  say: (path: Path, what: string) => void,
): void {
  const known = new Map(judging.cases.filter((one) => one.direction === report.direction).map((one) => [one.id, one]));
  const claimed = [...report.profiles, ...report.profilesNotJudged];
  const names = [...report.cases, ...report.extensions].map((one) => one.id);
  const stored = transcript.cases.map((one) => one.record.case);
  for (const [at, one] of report.cases.entries()) {
    if (one.clock !== null && !stored.includes(one.id)) say(['cases', at], `case ${one.id} says that it ran, but has no evidence`);
    if (!same) continue;
    const definition = known.get(one.id);
    if (!definition) say(['cases', at], `this version has no case ${one.id}`);
    const unclaimed = definition?.profiles.filter((profile: Profile) => !claimed.includes(profile)) ?? [];
    if (unclaimed.length > 0 && one.verdict !== 'not_applicable')
      say(['cases', at], `case ${one.id} needs ${unclaimed.join(', ')}, which the target does not claim, and yet it is ${one.verdict}`);
  }
  if (same && !report.result.partial) {
    const missing = [...known.keys()].filter((id) => !names.includes(id));
    if (missing.length > 0) say(['cases'], `these cases are missing from a run that was of all: ${missing.join(', ')}`);
  }
  for (const id of new Set(names.filter((name, at) => names.indexOf(name) !== at))) say(['cases'], `case ${id} is there twice`);
  for (const [at, id] of stored.entries()) {
    const where = `${evidence}:${transcript.lineOf.get(id) ?? 1}`;
    if (!names.includes(id)) problems.push({ where, what: `there is evidence of case ${id}, of which the report says nothing` });
    if (stored.indexOf(id) !== at) problems.push({ where, what: `there is evidence of case ${id} twice` });
  }
}

/** Words and lists that belong to a version, not to a run. */
function ofVersion(path: Path): boolean {
  const [first, , third] = path;
  if (first === 'rules') return third !== 'verdict' && third !== 'checks';
  if (first === 'result') return path[1] === 'headline' || path[1] === 'reasons' || path[1] === 'zh';
  return first === 'outOfScope' || first === 'zh' || first === 'notCovered' || first === 'requirements';
}

interface Difference {
  readonly path: Path;
  readonly said: unknown;
  readonly found: unknown;
}

/** Where two values differ, innermost first found. */
function differences(said: unknown, found: unknown, path: Path): Difference[] {
  if (path[0] === 'footer' || Object.is(said, found)) return [];
  if (!isObject(said) || !isObject(found) || Array.isArray(said) !== Array.isArray(found)) return [{ path, said, found }];
  if (Array.isArray(said) && Array.isArray(found) && said.length !== found.length) return [{ path, said, found }];
  const keys = new Set([...Object.keys(said), ...Object.keys(found)]);
  return [...keys].flatMap((key) => differences(said[key], found[key], [...path, Array.isArray(said) ? Number(key) : key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function sentence({ path, said, found }: Difference, report: Report): string {
  const [part, at, list, index, ...rest] = path;
  const facts = `${brief(said)} in the report, ${brief(found)} by the evidence`;
  const one = (part === 'cases' || part === 'extensions') && typeof at === 'number' ? report[part][at] : undefined;
  if (one) {
    const check = list === 'checks' && typeof index === 'number' ? one.checks[index] : undefined;
    const field = check ? rest : [list, index, ...rest].filter((step) => step !== undefined);
    return `case ${one.id}${check ? `, check ${check.id}` : ''}: ${field.join('.') || 'it'} is ${facts}`;
  }
  const rule = part === 'rules' && typeof at === 'number' ? report.rules[at] : undefined;
  if (rule) return `rule ${rule.id}: ${[list, index].filter((step) => step !== undefined).join('.') || 'it'} is ${facts}`;
  return `${path.join('.')} is ${facts}`;
}

/** Verdicts first: the rest is what follows from them, or what they were worked out from. */
function weightOf({ path }: Difference): number {
  if (path.at(-1) !== 'verdict') return 2;
  return path[2] === 'checks' ? 0 : 1;
}

const BRIEF = 160;

function brief(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > BRIEF ? `${text.slice(0, BRIEF)}…` : text;
}
