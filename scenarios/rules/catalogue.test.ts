import { describe, expect, test } from 'vitest';
import { RULES, ruleOf, type Rule, type RuleClass, type Words } from './catalogue.ts';
import lock from './ids.lock?raw';

const number = (n: number): string => String(n).padStart(2, '0');
const upTo = (prefix: string, last: number): string[] => Array.from({ length: last }, (_, i) => `${prefix}-${number(i + 1)}`);

/** Numbers and ranges of a row of the tables below. */
const ids = (prefix: string, row: string): string[] =>
  row.split(' ').flatMap((item) => {
    const [first = NaN, last = first] = item.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => `${prefix}-${number(first + i)}`);
  });

/** Typed from the classification that the project started from (the strictest class of a rule), not from the YAML. */
const CLASSES: Readonly<Record<RuleClass, readonly string[]>> = {
  M: [...ids('RULE', '1-6 9 11 12 16-22 25 26 32 33 36-40 45 46 55-58'), ...ids('DEV', '1-12')],
  S: [...ids('RULE', '8 23 59'), ...ids('DEV', '13-29')],
  R: ids('RULE', '7 10 13 24 27-31 34 35 41 44 47-53'),
  A: ids('RULE', '14 42 43'),
  X: ids('RULE', '15 54'),
};

/** Likewise: the parts that are of another class than their rule. */
const PARTS: Readonly<Record<string, readonly RuleClass[]>> = {
  'RULE-02': ['S', 'S', 'R'],
  ...Object.fromEntries(ids('RULE', '6 11 16 18 21 36 38 39 40 58').map((id) => [id, ['R'] as const])),
};

const wordsOf = (rule: Rule): Words[] => [
  rule.title,
  rule.text,
  ...(rule.parts ?? []).map((part) => part.what),
  ...(rule.reason === undefined ? [] : [rule.reason]),
];

describe('ids', () => {
  test('are those of the lock, in its order', () => {
    expect(lock).toBe(RULES.map((rule) => `${rule.id}\n`).join(''));
  });

  test('are RULE-01 to RULE-59 and DEV-01 to DEV-29, each once', () => {
    expect(RULES.map((rule) => rule.id)).toStrictEqual([...upTo('DEV', 29), ...upTo('RULE', 59)]);
  });

  test('tell whom the rule binds', () => {
    for (const rule of RULES) expect(rule.actor, rule.id).toBe(rule.id.startsWith('RULE-') ? 'platform' : 'device');
  });

  test('find their rule', () => {
    for (const rule of RULES) expect(ruleOf(rule.id)).toBe(rule);
    expect(ruleOf('RULE-60')).toBeUndefined();
    expect(ruleOf('rule-01')).toBeUndefined();
  });
});

describe('classes', () => {
  test('are the ones agreed', () => {
    for (const [name, members] of Object.entries(CLASSES)) {
      expect(RULES.filter((rule) => rule.class === name).map((rule) => rule.id)).toStrictEqual([...members].sort());
    }
  });

  test('of parts are the ones agreed, and less strict than the rule', () => {
    const strictness = 'XARSM';
    const found = RULES.flatMap((rule) => (rule.parts === undefined ? [] : [[rule.id, rule.parts.map((part) => part.class)]]));
    expect(Object.fromEntries(found)).toStrictEqual(PARTS);
    for (const rule of RULES) {
      for (const part of rule.parts ?? []) expect(strictness.indexOf(part.class), rule.id).toBeLessThan(strictness.indexOf(rule.class));
    }
  });

  test('X comes with a reason, and no other does', () => {
    for (const rule of RULES) expect(rule.reason !== undefined, rule.id).toBe(rule.class === 'X');
  });

  test('M rests on a document', () => {
    for (const rule of RULES.filter((one) => one.class === 'M')) expect(rule.source, rule.id).toMatch(/S\d/);
  });
});

describe('profiles', () => {
  test('name a mode, and each profile once', () => {
    for (const { id, profiles } of RULES) {
      expect(
        profiles.some((profile) => profile === 'prereg' || profile === 'nwl'),
        id,
      ).toBe(true);
      expect(new Set(profiles).size, id).toBe(profiles.length);
    }
  });

  test('with HTTPS are among those with pre-registration', () => {
    for (const { id, profiles } of RULES.filter((rule) => rule.profiles.includes('https'))) expect(profiles, id).toContain('prereg');
  });
});

describe('words', () => {
  test('are there in both languages', () => {
    for (const rule of RULES) {
      for (const words of wordsOf(rule)) {
        expect(words.en, rule.id).toMatch(/^[\x20-\x7e]+$/);
        expect(words['zh-CN'], rule.id).toMatch(/\p{Script=Han}/u);
      }
    }
  });

  test('titles are short and differ', () => {
    for (const rule of RULES) expect(rule.title.en.length, rule.id).toBeLessThanOrEqual(60);
    expect(new Set(RULES.map((rule) => rule.title.en)).size).toBe(RULES.length);
    expect(new Set(RULES.map((rule) => rule.title['zh-CN'])).size).toBe(RULES.length);
  });

  test('readings are told apart from demands', () => {
    for (const rule of RULES) expect(rule.text.en.startsWith('Measured: '), rule.id).toBe(rule.class === 'R');
  });
});
