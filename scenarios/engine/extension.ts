// Cases that a user brings along: ES modules under a prefix of their own. They are driven and judged as ours are, by the same oracles, but
// speak of their own rules only, so that nothing they say can change what the suite says of ours.
import * as v from 'valibot';
import type { Check, JudgedRuleClass } from '../judge/judge.ts';
import { ORACLES, type OracleName } from '../judge/oracles/index.ts';
import type { PlatformCase } from './case.ts';
import { faultOfArgs } from './extension-args.ts';

/** A user's case, with the classes of the rules that its checks speak of. */
export interface Extension {
  readonly definition: PlatformCase;
  readonly classes: ReadonlyMap<string, JudgedRuleClass>;
}

export type ReadExtension =
  { readonly ok: true; readonly extension: Extension } | { readonly ok: false; readonly place: string; readonly why: string };

const RESERVED_CASES = ['platform', 'firmware'];
const RESERVED_RULES = /^(RULE|DEV)-/;
const words = v.strictObject({ en: v.pipe(v.string(), v.nonEmpty()), 'zh-CN': v.pipe(v.string(), v.nonEmpty()) });

const CASE = v.strictObject({
  id: v.pipe(
    v.string(),
    v.regex(/^[a-z0-9-]+(\/[a-z0-9-]+)+$/, 'is written as prefix/name, in lower case'),
    v.check((id) => !RESERVED_CASES.includes(id.split('/', 1)[0] ?? ''), 'needs a prefix of its own: platform/ and firmware/ are ours'),
  ),
  title: words,
  profiles: v.array(v.picklist(['prereg', 'nwl', 'operator', 'https'])),
  needs: v.optional(v.picklist(['cell', 'sockets']), 'cell'),
  limits: v.exactOptional(v.literal('off')),
  drive: v.pipe(
    v.unknown(),
    v.check((drive) => typeof drive === 'function', 'is a function'),
  ),
  checks: v.pipe(
    v.array(
      v.strictObject({
        id: v.pipe(v.string(), v.nonEmpty()),
        rule: v.pipe(
          v.string(),
          v.regex(/^[A-Z][A-Z0-9]*-[A-Z0-9-]+$/, 'is written as PREFIX-01'),
          v.check((rule) => !RESERVED_RULES.test(rule), 'needs a prefix of its own: RULE- and DEV- are ours'),
        ),
        class: v.picklist(['M', 'S', 'R']),
        oracle: v.picklist(Object.keys(ORACLES) as [OracleName, ...OracleName[]]),
        on: v.record(v.string(), v.unknown()),
      }),
    ),
    v.nonEmpty('is empty: a case without a check says nothing'),
    v.check((checks) => new Set(checks.map((one) => one.id)).size === checks.length, 'has two checks of one id'),
  ),
});

/** Reads the default export of a module; the first fault is named with its place. */
export function readExtension(exported: unknown): ReadExtension {
  const parsed = v.safeParse(CASE, exported);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return { ok: false, place: v.getDotPath(issue) ?? 'the default export', why: whyOf(issue) };
  }
  const { checks, drive, limits, ...rest } = parsed.output;
  const classes = new Map<string, JudgedRuleClass>();
  for (const [i, { rule, class: ruleClass }] of checks.entries()) {
    const before = classes.get(rule);
    if (before !== undefined && before !== ruleClass)
      return { ok: false, place: `checks.${i}.class`, why: `says ${ruleClass} of ${rule}, an earlier check says ${before}` };
    classes.set(rule, ruleClass);
  }
  for (const [i, { id, oracle, on }] of checks.entries()) {
    const fault = faultOfArgs(oracle, on);
    if (fault) return { ok: false, place: `checks.${i}.on.${fault.key}`, why: `${fault.why} (case ${rest.id}, check ${id})` };
  }
  const definition: PlatformCase = {
    ...rest,
    ...(limits ? { limits } : {}),
    direction: 'platform',
    drive: drive as PlatformCase['drive'],
    checks: checks.map(({ class: _, ...check }) => check as unknown as Check),
  };
  return { ok: true, extension: { definition, classes } };
}

function whyOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'validation') return issue.message;
  if (issue.expected === 'never') return 'is not a key of a case';
  if (issue.input === undefined) return 'is missing';
  return `is not what belongs here (${issue.expected ?? 'another kind of value'})`;
}
