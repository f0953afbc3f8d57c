// Reading a target file, whatever is in it: a target, or a mistake of the user that is told as one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { targetFromFile } from '../../cli/relay/targets.ts';
import { chooseTarget } from '../../cli/target.ts';
import { UserError } from '../../kernel/errors.ts';
import { parseTarget } from '../../kernel/target.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-target-'));
const file = join(folder, 'target.yaml');
beforeAll(() => {
  process.env['MUSTER_PRODUCT_SECRET'] = 'hush0hush0hush0h';
});
afterAll(() => {
  delete process.env['MUSTER_PRODUCT_SECRET'];
  rmSync(folder, { recursive: true });
});

/** Reads a text as a target file; 'told' where the user was told a mistake in one line. */
function read(text: string | Uint8Array): 'target' | 'told' {
  writeFileSync(file, text);
  try {
    const chosen = chooseTarget({ target: file });
    return chosen.kind === 'remote' ? 'target' : 'told';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(`${error.message}; ${error.remedy}`).not.toContain('\n');
    return 'told';
  }
}

const KEYS = ['name', 'endpoints', 'product', 'tls', 'edition', 'profiles', 'inventory', 'administrator', 'pace', 'colour'];
const INNER = ['mqtt', 'mqtts', 'wss', 'key', 'secretEnv', 'ca', 'kind', 'url', 'perDevicePerMinute', 'x'];
const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
  fc.constantFrom('mqtts://h:1', 'a1', 'stub', 'doc2020', 'prereg'),
);
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(fc.constantFrom(...INNER), leaf, { maxKeys: 4 }));
const document = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 });

const VALID = { endpoints: { mqtts: 'mqtts://h:1' }, product: { key: 'a1' } };

test('the smallest target file is one', () => {
  expect(read(stringify(VALID))).toBe('target');
});

test.each([
  [
    'name: lab\nendpionts: { mqtts: mqtts://h:1 }\nproduct: { key: a1 }\n',
    /target\.yaml, endpionts: .* \(line 2, column 1\); did you mean endpoints\?/,
  ],
  [
    'endpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1 }\npace:\n  perDevicePerMinute: 0\n',
    /, pace\.perDevicePerMinute: is less than 1.* \(line 4, column 23\); .*docs\/targets\.md/,
  ],
  [
    '{"endpoints": {"mqtts": "mqtts://h:1"},\n "product": {"key": "a1", "sercet": 1}}',
    /, product\.sercet: [^;]* \(line 2, column 27\); known here are key, secretEnv/,
  ],
  [
    'endpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1, secret: hush0hush0hush0h }',
    /, product\.secret: .*\(line 2, column 21\); no secret belongs here: name a variable \(secretEnv\) or a file \(secretFile\)/,
  ],
  ['product: { key: a1 }', /, endpoints: is missing \(line 1, column 1\); mend the file: docs\/targets\.md/],
  [
    'endpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1 }\npace: []\n',
    /, pace: is a list, and a mapping belongs here \(line 3, column 7\); write `key: value` lines without dashes/,
  ],
  [
    'endpoints:\n  - mqtts: mqtts://h:1\nproduct: { key: a1 }\n',
    /, endpoints: is a list, and a mapping belongs here \(line 2, column 3\); write `key: value` lines/,
  ],
  [
    'endpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1 }\ntls: &t { ca: *t }\n',
    /stands for what it is itself inside of \(line 3, column 15\); write out/,
  ],
  ['- endpoints', /holds no `key: value` lines.*docs\/targets\.md/],
])('a mistake has its line, the key that was meant, and the page to read: %j', (text, words) => {
  writeFileSync(file, text);
  for (const reads of [() => chooseTarget({ target: file }), () => targetFromFile(file)]) {
    const told = (() => {
      try {
        return reads();
      } catch (error) {
        return error;
      }
    })();
    if (!(told instanceof UserError)) throw new Error('it was taken');
    expect(`${told.message}; ${told.remedy}`).toMatch(words);
    expect(`${told.message} ${told.remedy}`).not.toMatch(/--help|hush0/);
  }
});

test('no document makes parseTarget throw, and what it refuses has a place and a reason', () => {
  fc.assert(
    fc.property(fc.oneof(document, fc.anything()), (any) => {
      const parsed = parseTarget(any);
      if (!parsed.ok) {
        expect(parsed.place).not.toBe('');
        expect(parsed.why).not.toBe('');
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a key of no target file is refused wherever it stands', () => {
  fc.assert(
    fc.property(fc.constantFrom('', 'endpoints', 'product', 'tls', 'pace'), fc.stringMatching(/^[a-z]{12,16}$/), (where, key) => {
      const inside = where === '' ? VALID : { ...VALID, [where]: { ...(VALID as Record<string, object>)[where], [key]: 1 } };
      expect(parseTarget(where === '' ? { ...VALID, [key]: 1 } : inside).ok).toBe(false);
    }),
  );
});

test('no file makes the command throw anything but a mistake to be told', () => {
  const lines = fc.array(
    fc.constantFrom(
      'endpoints:',
      '  mqtts: mqtts://h:1',
      'product: {key: a1}',
      '- x',
      'a: *b',
      'c: &b [',
      '%YAML 1.9',
      '---',
      '\t',
      '!!x y',
      '? [a]',
      '<<: *b',
      '"',
    ),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        lines.map((all) => all.join('\n')),
        document.map((one) => stringify(one)),
        document.map((one) => JSON.stringify({ ...VALID, ...one })),
      ),
      (text) => {
        read(text);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('no URL makes the command throw anything but a mistake to be told', () => {
  const url = fc
    .tuple(fc.constantFrom('mqtts://', 'wss://', 'mqtt://', 'MQTTS://', 'http://', ''), fc.string())
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(url, (target) => {
      fc.pre(target !== '' && target !== 'stub' && !target.includes('\0') && !/^[\w./]*$/.test(target));
      try {
        expect(chooseTarget({ target, productKey: 'a1' }).kind).toBe('remote');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }),
    { numRuns: 1_000 },
  );
});
