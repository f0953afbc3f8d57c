// Reads a plan file. What is wrong in it is said with its file, line and column, and with the word that was meant where one is near; what
// may be a secret that was written in the wrong place is described, never repeated.
import * as v from 'valibot';
import { UserError } from '../../kernel/errors.ts';
import { mention } from '../../kernel/mention.ts';
import { allowedBy, faultIn, LIST_FOR_MAPPING, listForMapping, placeIn, type SchemaFault } from '../../kernel/schema-fault.ts';
import { nearest } from '../../kernel/words.ts';
import { readYaml, type Path, type Place } from '../../kernel/yaml.ts';
import { PLAN, type PlanDocument } from './plan-document.ts';

export type { Path } from '../../kernel/yaml.ts';

/** A plan as it was written: the document, and a way to complain about a place in it. */
export interface PlanSource {
  readonly document: PlanDocument;
  /** @param what is wrong there, without texts that may be secrets; the place is put before it */
  complain(path: Path, what: string, remedy: string): UserError;
}

const SEE = 'see `muster fleet --help`, docs/fleet.md or docs/schemas/plan.schema.json';

/**
 * Reads the text of a plan file. A UserError says what is no plan.
 * @param file as it is named in complaints
 */
export function readPlan(text: string, file: string): PlanSource {
  const yaml = readYaml(text);
  const placed = (at: Place | undefined, place: string): string =>
    [`plan ${file}`, ...(at ? [`line ${at.line}:${at.col}`] : []), ...(place === '' ? [] : [place])].join(', ');
  if (yaml.kind === 'torn') throw new UserError(`${placed(yaml.at, '')}: this is not YAML: ${yaml.why}`, 'mend the file');
  if (yaml.kind === 'aliases' && yaml.at)
    throw new UserError(`${placed(yaml.at, '')}: this alias stands for what it is itself inside of`, 'write out what it stands for');
  if (yaml.kind === 'aliases') throw new UserError(`plan ${file} has aliases that cannot be followed`, 'mend the file');
  const complain = (path: Path, what: string, remedy: string): UserError =>
    new UserError(`${placed(yaml.placeOf(path, 'value'), placeIn(PLAN, path))}: ${what}`, remedy);
  const list = listForMapping(PLAN, yaml.written);
  if (list) throw complain(list, LIST_FOR_MAPPING.why, LIST_FOR_MAPPING.remedy);
  const parsed = v.safeParse(PLAN, yaml.written);
  if (parsed.success) return { document: parsed.output, complain };
  const [first, ...others] = parsed.issues.flatMap(insideOf);
  const fault = faultIn(PLAN, first ? [first, ...others] : parsed.issues);
  const { issue, path, place, unknownKey } = fault;
  throw new UserError(
    `${placed(yaml.placeOf(path, unknownKey ? 'key' : 'value'), place)}: ${unknownKey ? 'there is no such key' : whyOf(issue)}`,
    remedyOf(fault),
  );
}

/** Of a value that is a word or an object, and was written as an object: what is wrong inside. */
function insideOf(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown>[] {
  const { path: outer, type, issues = [] } = issue;
  const inside = issues.flatMap((one): v.BaseIssue<unknown>[] => (outer && one.path ? [{ ...one, path: [...outer, ...one.path] }] : []));
  return type === 'union' && inside.length > 0 ? inside : [issue];
}

function whyOf(issue: v.BaseIssue<unknown>): string {
  if (issue.input === undefined || issue.received === 'undefined') return 'is missing';
  if (issue.kind === 'validation') return issue.message;
  const expected = issue.expected ?? 'another kind of value';
  if (expected === 'Object') return 'is not what belongs here (`key: value` lines)';
  if (expected === 'Array') return 'is not what belongs here (a list)';
  return `${mention(issue.input, allowedBy(issue))} is not what belongs here (${/["|]/.test(expected) ? `one of ${expected.replace(/[()]/g, '').replaceAll(' |', ',')}` : expected})`;
}

function remedyOf({ issue, unknownKey }: SchemaFault): string {
  if (unknownKey) {
    const { meant, known } = unknownKey;
    return meant === undefined ? `known here are ${known.join(', ')}` : `did you mean ${meant}?`;
  }
  const meant = typeof issue.input === 'string' ? nearest(issue.input, allowedBy(issue)) : undefined;
  return meant === undefined ? SEE : `did you mean ${meant}?`;
}
