// A YAML (or JSON) document of a user's, with the place of everything in it. What is wrong with it is told without its words: a file that was
// named by mistake may be a secret.
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';

/** Keys and indices from the outermost inwards. */
export type Path = readonly (string | number)[];

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly col: number;
}

export type ReadYaml =
  | {
      readonly kind: 'document';
      readonly written: unknown;
      /** Where a value stands, or its key; the nearest that is there where the path leads to nothing. */
      placeOf(path: Path, which: 'key' | 'value'): Place | undefined;
    }
  /** A torn document ends somewhere behind its fault. */
  | { readonly kind: 'torn'; readonly at: Place; readonly why: string }
  /** An alias of nothing, or so many that the document would fill the memory; with its place, one of what it is itself inside of. */
  | { readonly kind: 'aliases'; readonly at?: Place };

/** Brackets that may be open at once, and dashes in a row: the parser goes as deep as the text, and a stack has an end. */
const DEPTH_MAX = 200;
const DASHES = new RegExp(`(?:-\\s+){${DEPTH_MAX}}`);

/** Where a text is nested deeper than any document that a person writes. */
function tooDeep(text: string): number | undefined {
  const dashes = DASHES.exec(text);
  if (dashes) return dashes.index;
  let depth = 0;
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > DEPTH_MAX) return index;
    depth = Math.max(0, depth);
  }
  return undefined;
}

/** Reads a text; never throws on account of it. */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const deep = tooDeep(text);
  if (deep !== undefined) {
    const before = text.slice(0, deep).split('\n');
    return { kind: 'torn', at: { line: before.length, col: (before.at(-1)?.length ?? 0) + 1 }, why: 'nested too deep' };
  }
  const yaml = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const [broken] = yaml.errors;
  if (broken) return { kind: 'torn', at: lines.linePos(broken.pos[0]), why: broken.code.toLowerCase().replaceAll('_', ' ') };
  let written: unknown;
  try {
    written = yaml.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { kind: 'aliases' };
  }
  const placeOf = (path: Path, which: 'key' | 'value'): Place | undefined => {
    const offset = offsetOf(yaml, path, which);
    return offset === undefined ? undefined : lines.linePos(offset);
  };
  const endless = cycleIn(written);
  if (!endless) return { kind: 'document', written, placeOf };
  const at = placeOf(endless, 'value');
  return { kind: 'aliases', ...(at ? { at } : {}) };
}

/**
 * Where a value stands inside of itself; whoever followed it would never end.
 * @param around what the value is inside of
 * @param done what was looked at, however often it is repeated
 */
function cycleIn(value: unknown, path: Path = [], around = new Set<unknown>(), done = new Set<unknown>()): Path | undefined {
  if (around.has(value)) return path;
  if (typeof value !== 'object' || value === null || done.has(value)) return undefined;
  around.add(value);
  for (const [key, inner] of Object.entries(value)) {
    const found = cycleIn(inner, [...path, Array.isArray(value) ? Number(key) : key], around, done);
    if (found) return found;
  }
  around.delete(value);
  done.add(value);
  return undefined;
}

/**
 * `a.b[0].c`; a key that would not be read as one is quoted.
 * @param said how a key may be mentioned, which stands there instead where it is another
 */
export function dotted(path: Path, said: (key: string) => string = (key) => key): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const words = said(key);
      const shown = words !== key ? `<${words}>` : /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
      return `${i === 0 ? '' : '.'}${shown}`;
    })
    .join('');
}

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
