// What units publish, and what they are called: text with expressions in double braces. Counters and random walks are each unit's own.
import { described, isShown } from '../../kernel/mention.ts';
import type { Random } from '../../kernel/random.ts';
import { CALLS, type Argument, type Choose, type Value } from './template-calls.ts';

/** What an expression may say about the unit and the moment. */
export interface TemplateFacts {
  /** Of the unit in the fleet, and in its cohort; both from 0. */
  readonly index: number;
  readonly number: number;
  readonly deviceName: string;
  readonly productKey: string;
  readonly cohort: string;
  readonly namespace: string;
  /** Which publish of the unit it is, from 1. */
  readonly n: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** What a template is filled in with: facts, what it remembers of this unit, and the unit's draws. */
export interface TemplateContext {
  readonly facts: TemplateFacts;
  /** A number for each call with state; empty at first. */
  readonly state: (number | undefined)[];
  readonly random: () => Random;
  /** Picks instead of the unit's draws, where what a template may say at the most is looked for. */
  readonly choose?: Choose;
}

/** A template that is none: where in its text, why, and what to do. */
export class TemplateError extends Error {
  readonly offset: number;
  readonly remedy: string;

  constructor(offset: number, why: string, remedy: string) {
    super(why);
    this.name = 'TemplateError';
    this.offset = offset;
    this.remedy = remedy;
  }
}

type Expression = (context: TemplateContext) => Value;

const TYPES = {
  index: 'number',
  number: 'number',
  deviceName: 'text',
  productKey: 'text',
  cohort: 'text',
  namespace: 'text',
  n: 'number',
  now: 'number',
} as const satisfies Record<keyof TemplateFacts, 'number' | 'text'>;
const FACTS = Object.keys(TYPES);
/** What a DeviceName may be made of: nothing that changes while a unit lives. */
const NAME_WORDS: ReadonlySet<string> = new Set(['index', 'number', 'cohort', 'namespace', 'pad']);

const BRACES = /\{\{|\}\}/g;
const EXPRESSION = /^\s*([A-Za-z]\w*)\s*(?:\(([^()]*)\))?\s*$/;
const ARGUMENT = /^\s*(?:(-?\d+(?:\.\d+)?)|'([^']*)'|([A-Za-z]\w*))\s*$/;

/** Compiles the templates of one cohort; calls with state get a slot each. */
export class TemplateCompiler {
  readonly #words: ReadonlySet<string> | undefined;
  #slots = 0;

  /** @param use a DeviceName may hold less than a payload */
  constructor(use: 'payload' | 'name') {
    this.#words = use === 'name' ? NAME_WORDS : undefined;
  }

  /** A text with its expressions filled in. */
  text(source: string): (context: TemplateContext) => string {
    const parts = this.#parts(source);
    return (context) => parts.map((part) => (typeof part === 'string' ? part : String(part(context)))).join('');
  }

  /** Any value of JSON: the texts in it are templates, and one that is an expression and nothing else keeps its type. */
  value(source: unknown): (context: TemplateContext) => unknown {
    if (typeof source === 'string') {
      const parts = this.#parts(source);
      const [only] = parts;
      if (parts.length === 1 && typeof only === 'function') return only;
      return (context) => parts.map((part) => (typeof part === 'string' ? part : String(part(context)))).join('');
    }
    if (Array.isArray(source)) {
      const items = source.map((one) => this.value(one));
      return (context) => items.map((item) => item(context));
    }
    if (typeof source !== 'object' || source === null) return () => source;
    const entries = Object.entries(source).map(([key, one]) => [key, this.value(one)] as const);
    return (context) => Object.fromEntries(entries.map(([key, item]) => [key, item(context)]));
  }

  #parts(source: string): (string | Expression)[] {
    const parts: (string | Expression)[] = [];
    let from = 0;
    let open: number | undefined;
    for (const { 0: brace, index } of source.matchAll(BRACES)) {
      if (brace === '{{') {
        if (open !== undefined) throw new TemplateError(index, 'opens {{ inside of {{', 'close the first with }}');
        if (index > from) parts.push(source.slice(from, index));
        open = index + 2;
      } else if (open !== undefined) {
        parts.push(this.#expression(source.slice(open, index), open));
        from = index + 2;
        open = undefined;
      }
    }
    if (open !== undefined) throw new TemplateError(open - 2, 'opens {{ and never closes it', 'write }} after the expression');
    if (from < source.length) parts.push(source.slice(from));
    return parts;
  }

  #expression(text: string, offset: number): Expression {
    const [, name = '', inside] = EXPRESSION.exec(text) ?? [];
    if (name === '')
      throw new TemplateError(offset, `${inBraces(text)} is no expression`, 'write {{name}} or {{name(1, 2)}}, such as {{walk(20, 0.5)}}');
    if (this.#words && !this.#words.has(name))
      throw new TemplateError(offset, `${inBraces(name)} cannot be part of a DeviceName`, `use one of ${[...this.#words].join(', ')}`);
    if (isFact(name) && inside === undefined) return ({ facts }) => facts[name];
    const call = CALLS.get(name);
    if (!call) throw new TemplateError(offset, `${inBraces(name)} is not known`, `use one of ${[...FACTS, ...CALLS.keys()].join(', ')}`);
    const given = inside === undefined || inside.trim() === '' ? [] : inside.split(',');
    const args = given.map((one) => this.#argument(one, offset));
    const complaint = call.check(args);
    if (complaint !== undefined) {
      const shown = args.every((one) => one.kind === 'fact' || typeof one.value === 'number') && given.every((one) => isShown(one.trim()));
      throw new TemplateError(offset, `{{${shown ? text.trim() : `${name}(...)`}}}: ${complaint}`, `write it as {{${call.usage}}}`);
    }
    const slot = call.remembers ? this.#slots++ : -1;
    return (context) => {
      const values = args.map((one) => (one.kind === 'fact' ? context.facts[one.name] : one.value));
      const before = slot < 0 ? undefined : context.state[slot];
      const result = call.evaluate(values, { now: context.facts.now, random: context.random, before, choose: context.choose });
      if (slot >= 0) context.state[slot] = Number(result);
      return result;
    };
  }

  #argument(text: string, offset: number): Argument {
    const [whole, number, quoted, word = ''] = ARGUMENT.exec(text) ?? [];
    if (whole === undefined || !Number.isFinite(Number(number ?? 0)))
      throw new TemplateError(
        offset,
        `${text.trim() === '' ? 'an empty argument' : said(text.trim())} is no argument`,
        "give a number, a 'text', or a name such as index",
      );
    if (number !== undefined) return { kind: 'literal', value: Number(number) };
    if (quoted !== undefined) return { kind: 'literal', value: quoted };
    if (!isFact(word) || (this.#words && !this.#words.has(word)))
      throw new TemplateError(
        offset,
        `${said(word)} is no name that an argument can be`,
        `use one of ${FACTS.join(', ')}, or put text in quotes`,
      );
    return { kind: 'fact', name: word, type: TYPES[word] };
  }
}

/** A word of a template as a complaint may repeat it: it may be a secret in the wrong place. */
function said(word: string): string {
  return isShown(word, [...FACTS, ...CALLS.keys()]) ? word : described(word);
}

function inBraces(text: string): string {
  const word = text.trim();
  return said(word) === word ? `{{${text}}}` : `{{...}}, ${described(word)},`;
}

function isFact(name: string): name is keyof TemplateFacts {
  return FACTS.includes(name);
}
