// What a run found: cases with their steps and checks, rules, and what they say together. Data only; formats are made of it elsewhere.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { CheckResult } from './judge.ts';
import type { CaseRecord, SpanVerb } from './record.ts';
import type { Conformance, RequiredRule, RuleVerdict } from './rollup.ts';
import type { Said, Verdict } from './verdict.ts';

export interface Step {
  readonly name: string;
  readonly unit: string | null;
  readonly verb: SpanVerb;
  readonly outcome: Outcome | null;
  /** How long it took, milliseconds of the clock the case ran on. */
  readonly ms: number;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly zh: { readonly title: string; readonly note: string | null };
  readonly verdict: Verdict;
  /** Virtual: the figures are exact and say nothing about speed. Null where the case did not run. */
  readonly clock: 'virtual' | 'wall' | null;
  readonly steps: readonly Step[];
  readonly checks: readonly CheckResult[];
  /** Why it has no steps, or why driving it ended early. */
  readonly note: string | null;
}

/** What was run against what. No secret is in it. */
export interface RunAbout {
  readonly version: string;
  readonly direction: 'platform' | 'firmware';
  /** Name of the target. */
  readonly target: string;
  readonly edition: string;
  readonly profiles: readonly string[];
  readonly seed: string;
  readonly namespace: string;
  /** `muster-<version>/<edition>/<profiles>`. */
  readonly requirementSet: string;
}

/** What was judged, as it was declared before the first packet. */
export interface Subject {
  readonly name: string;
  readonly kind: 'embedded-stub' | 'stub' | 'platform' | 'reference-device';
  /** Addresses that were dialled; none of a stub in this process. */
  readonly endpoints: readonly string[];
  /** Who carries out what an operator does. */
  readonly administrator: 'stub' | 'alicloud' | 'human' | 'none';
  /** Milliseconds between two attempts of one device, so that no declared limit explains a refusal. */
  readonly paceMs: number;
  readonly destructiveAllowed: boolean;
  /** In what respect it was wrong on purpose; whoever judged did not know. */
  readonly mutant?: string;
}

/** What the run was carried out on. */
export interface RunEnvironment {
  readonly runner: 'node' | 'browser';
  /** Version of Node or name of the browser. */
  readonly runtime: string;
  readonly system: string;
  readonly jobs: number;
  /** ISO 8601; null where everything ran on the virtual clock of an embedded stub, so that the same seed gives the same bytes. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** What a human said that the suite could not see. */
export interface Attestation {
  readonly case: string;
  readonly span: string;
  /** What the human was asked to do or to read. */
  readonly what: string;
  readonly who: string;
  /** ISO 8601. */
  readonly when: string;
  readonly answer: string;
}

export interface RunContext {
  readonly subject: Subject;
  /** Asked at the end of the run. */
  readonly environment: () => RunEnvironment;
  readonly attestations: () => readonly Attestation[];
}

export interface RunFindings {
  readonly about: RunAbout;
  readonly subject: Subject;
  readonly environment: RunEnvironment;
  readonly attestations: readonly Attestation[];
  readonly conformance: Conformance;
  /** A selection of the cases ran: it decides nothing about the target. */
  readonly partial: boolean;
  /** Why the run decides nothing, where it does not. */
  readonly reasons: readonly Said[];
  readonly cases: readonly CaseResult[];
  /** Cases that the user brought along: they say nothing of our rules. */
  readonly extensions: readonly CaseResult[];
  readonly rules: readonly RuleVerdict[];
  /** Rules that could be judged, but are not by any case of this version. */
  readonly notCovered: readonly RequiredRule[];
  /** Profiles that the target claims and no case of this version judges. */
  readonly profilesNotJudged: readonly string[];
}

/** The steps of a record. */
export function stepsOf(record: CaseRecord): Step[] {
  return record.spans.map(({ name, unit, verb, outcome, startedAt, endedAt }) => ({
    name,
    unit,
    verb,
    outcome,
    ms: Math.round(endedAt - startedAt),
  }));
}
