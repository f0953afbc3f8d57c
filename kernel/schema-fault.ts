// What of a document is told first when it does not fit its schema, and the key that was meant.
import type * as v from 'valibot';
import { mentionName } from './mention.ts';
import { nearest } from './words.ts';
import { dotted, type Path } from './yaml.ts';

export interface SchemaFault {
  readonly issue: v.BaseIssue<unknown>;
  readonly path: Path;
  /** The path in words, empty of the document itself; a key that may be a secret is only described. */
  readonly place: string;
  /** Undefined where it is not about a key that there is none of. */
  readonly unknownKey: { readonly known: readonly string[]; readonly meant: string | undefined } | undefined;
}

/** What a schema of valibot shows of itself. */
interface Shape {
  readonly type?: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly item?: Shape;
  readonly wrapped?: Shape;
  readonly options?: readonly unknown[];
  /** Of a variant: the key whose value tells its options apart. */
  readonly key?: string;
  readonly literal?: unknown;
}

/** The fault to tell of several: a key that is mistyped comes before the one that is missing for it. */
export function faultIn(schema: v.GenericSchema, issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): SchemaFault {
  // What should be a mapping and is a list has no keys to mistype.
  const unknown = issues.find((one) => one.expected === 'never' && one.input !== undefined && !Array.isArray(one.path?.at(-1)?.input));
  const issue = unknown ?? issues[0];
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  const place = placeIn(schema, path);
  if (!unknown) return { issue, path, place, unknownKey: undefined };
  const known = keysAt(schema, unknown.path ?? []);
  return { issue, path, place, unknownKey: { known, meant: nearest(String(path.at(-1)), known) } };
}

/** What is told of it, and the remedy. */
export const LIST_FOR_MAPPING = {
  why: 'is a list, and a mapping belongs here',
  remedy: 'write `key: value` lines without dashes, or { key: value }',
} as const;

/** Where a document has a list and its schema a mapping. To valibot a list is a mapping of its indices, and an empty one has nothing wrong. */
export function listForMapping(schema: v.GenericSchema, written: unknown): Path | undefined {
  return listIn([schema], written, []);
}

function listIn(shapes: readonly Shape[], value: unknown, path: Path): Path | undefined {
  if (shapes.length === 0 || typeof value !== 'object' || value === null) return undefined;
  const here = shapes.flatMap((shape) => unwrapped(shape, value));
  const items = here.flatMap(({ item }) => item ?? []);
  if (Array.isArray(value) && items.length === 0) return here.some(isMapping) ? path : undefined;
  for (const [key, inner] of Object.entries(value)) {
    const below = Array.isArray(value)
      ? items
      : here.flatMap(({ entries = {} }) => (Object.hasOwn(entries, key) ? entries[key] : undefined) ?? []);
    const found = listIn(below, inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

const isMapping = ({ entries, type }: Shape): boolean => entries !== undefined || type === 'record';

/** The words that would have been right, where there are some. */
export function allowedBy(issue: v.BaseIssue<unknown>): string[] {
  return [...(issue.expected ?? '').matchAll(/"([^"]+)"/g)].map(([, word = '']) => word);
}

/** A path in words, as a complaint may name it. */
export function placeIn(schema: v.GenericSchema, path: Path): string {
  const vocabulary = [...keysOf(schema)];
  return dotted(path, (key) => mentionName(key, vocabulary));
}

/** Every key that a document may have anywhere. */
function keysOf(shape: Shape, into = new Set<string>()): Set<string> {
  for (const [key, inner] of Object.entries(shape.entries ?? {})) {
    into.add(key);
    keysOf(inner, into);
  }
  for (const inner of [shape.item, shape.wrapped]) if (inner) keysOf(inner, into);
  for (const inner of shape.options ?? []) if (isShape(inner)) keysOf(inner, into);
  return into;
}

const isShape = (one: unknown): one is Shape => typeof one === 'object' && one !== null;

/** The keys that may stand beside the last one of a path. */
function keysAt(schema: Shape, path: readonly v.IssuePathItem[]): string[] {
  let shapes = [schema];
  for (const [i, { key, input }] of path.entries()) {
    shapes = shapes.flatMap((shape) => unwrapped(shape, input));
    if (i < path.length - 1)
      shapes = shapes.flatMap(({ item, entries }) => (typeof key === 'number' ? item : entries?.[String(key)]) ?? []);
  }
  return [...new Set(shapes.flatMap(({ entries }) => Object.keys(entries ?? {})))];
}

/** The schemas behind one that wraps or chooses; of a variant, the one that the value is of. */
function unwrapped(shape: Shape, value: unknown): Shape[] {
  if (shape.wrapped) return unwrapped(shape.wrapped, value);
  // Those of a list of words are words.
  const options = (shape.options ?? []).filter(isShape);
  if (options.length === 0) return [shape];
  const { key } = shape;
  const chosen = options.filter((one) => key !== undefined && one.entries?.[key]?.literal === (value as Record<string, unknown>)[key]);
  return (chosen.length > 0 ? chosen : options).flatMap((one) => unwrapped(one, value));
}
