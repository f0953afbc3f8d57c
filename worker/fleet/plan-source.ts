// Reads a plan file. What is wrong in it is said with its file, line and column, and with the word that was meant where one is near.
import * as v from 'valibot';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { UserError } from '../../kernel/errors.ts';
import { PLAN, type PlanDocument } from './plan-document.ts';
import { nearest } from './plan-words.ts';

export type Path = readonly (string | number)[];

/** A plan as it was written: the document, and a way to complain about a place in it. */
export interface PlanSource {
  readonly document: PlanDocument;
  /** @param what is wrong there; the place is put before it */
  complain(path: Path, what: string, remedy: string): UserError;
}

const SEE = 'see `muster fleet --help`, docs/fleet.md or docs/schemas/plan.schema.json';

/**
 * Reads the text of a plan file. A UserError says what is no plan.
 * @param file as it is named in complaints
 */
export function readPlan(text: string, file: string): PlanSource {
  const lines = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placed = (offset: number | undefined, path: Path): string => {
    const at = offset === undefined ? undefined : lines.linePos(offset);
    return [`plan ${file}`, ...(at ? [`line ${at.line}:${at.col}`] : []), ...(path.length > 0 ? [dotted(path)] : [])].join(', ');
  };
  const [broken] = yaml.errors;
  if (broken) {
    // A torn document ends somewhere behind its fault.
    const why = broken.code.toLowerCase().replaceAll('_', ' ');
    throw new UserError(`${placed(broken.pos[0], [])}: this is not YAML: ${why}`, 'mend the file');
  }
  const complain = (path: Path, what: string, remedy: string): UserError =>
    new UserError(`${placed(offsetOf(yaml, path, 'value'), path)}: ${what}`, remedy);
  let written: unknown;
  try {
    written = yaml.toJS();
  } catch (error) {
    // An alias of nothing, or so many that the document would fill the memory.
    if (!(error instanceof ReferenceError)) throw error;
    throw new UserError(`plan ${file} has aliases that cannot be followed`, 'mend the file');
  }
  const parsed = v.safeParse(PLAN, written);
  if (parsed.success) return { document: parsed.output, complain };
  const [issue] = parsed.issues;
  const path = pathOf(issue);
  const unknown = issue.expected === 'never' && issue.input !== undefined;
  throw new UserError(
    `${placed(offsetOf(yaml, path, unknown ? 'key' : 'value'), path)}: ${unknown ? 'there is no such key' : whyOf(issue)}`,
    remedyOf(issue, path, unknown),
  );
}

function pathOf(issue: v.BaseIssue<unknown>): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

function dotted(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('');
}

/** Where a value stands, or its key; the nearest that is there where the path leads to nothing. */
function offsetOf(yaml: Document, path: Path, which: 'key' | 'value'): number | undefined {
  if (which === 'key') {
    const parent = path.length === 1 ? yaml.contents : yaml.getIn(path.slice(0, -1), true);
    const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1)) : undefined;
    if (isNode(pair?.key)) return pair.key.range?.[0];
  }
  for (let length = path.length; length > 0; length--) {
    const node = yaml.getIn(path.slice(0, length), true);
    if (isNode(node)) return node.range?.[0];
  }
  return isNode(yaml.contents) ? yaml.contents.range?.[0] : undefined;
}

function whyOf(issue: v.BaseIssue<unknown>): string {
  if (issue.input === undefined || issue.received === 'undefined') return 'is missing';
  if (issue.kind === 'validation') return issue.message;
  const expected = issue.expected ?? 'another kind of value';
  if (expected === 'Object') return 'is not what belongs here (`key: value` lines)';
  if (expected === 'Array') return 'is not what belongs here (a list)';
  return `${issue.received} is not what belongs here (${/["|]/.test(expected) ? `one of ${expected.replace(/[()]/g, '').replaceAll(' |', ',')}` : expected})`;
}

function remedyOf(issue: v.BaseIssue<unknown>, path: Path, unknown: boolean): string {
  if (unknown) {
    const known = keysAt(PLAN, path.slice(0, -1));
    const meant = nearest(String(path.at(-1)), known);
    return meant === undefined ? `known here are ${known.join(', ')}` : `did you mean ${meant}?`;
  }
  const allowed = [...(issue.expected ?? '').matchAll(/"([^"]+)"/g)].map(([, word = '']) => word);
  const meant = typeof issue.input === 'string' ? nearest(issue.input, allowed) : undefined;
  return meant === undefined ? SEE : `did you mean ${meant}?`;
}

/** What a schema of valibot shows of itself. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
  readonly wrapped?: Shape;
  readonly options?: readonly Shape[];
}

/** The keys that a plan may have at a place. */
function keysAt(schema: unknown, path: Path): string[] {
  let shapes = unwrapped(schema as Shape);
  for (const key of path) {
    shapes = shapes.flatMap((shape) => {
      const next = typeof key === 'number' ? shape.item : shape.entries?.[key];
      return next ? unwrapped(next) : [];
    });
  }
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape.entries ?? {})))];
}

function unwrapped(shape: Shape): Shape[] {
  if (shape.wrapped) return unwrapped(shape.wrapped);
  return typeof shape.options?.[0] === 'object' ? shape.options.flatMap(unwrapped) : [shape];
}
