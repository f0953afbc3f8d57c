// What of a user's own words a complaint may repeat.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mention, mentionName, mentionPath, mentionVariable } from './mention.ts';
import { ALPHANUMERIC, LOWER_HEX, seededRandom } from './random.ts';

const VOCABULARY = ['cohorts', 'arrival', 'teardown', 'concurrency'];
const secrets = fc
  .tuple(fc.string(), fc.constantFrom(16, 32, 64), fc.constantFrom(ALPHANUMERIC, LOWER_HEX, '0123456789'))
  .map(([seed, length, letters]) => seededRandom('mention', seed).text(length, letters));

test('a secret as the vendor issues them is shown nowhere', () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const said = [mention(secret, VOCABULARY), mentionName(secret, VOCABULARY), mentionPath(secret), mentionVariable(secret)];
      expect(said.join(' ')).not.toContain(secret);
    }),
  );
});

test.each([
  [5, '5'],
  [-0.5, '-0.5'],
  [4071928365501827, 'a number of 16 digits'],
  [true, 'true'],
  [null, 'null'],
  [[1], 'a list'],
  [{ a: 1 }, '`key: value` lines'],
  ['', '""'],
  ['hush', '"hush"'],
  ['fifteen letters', '"fifteen letters"'],
  ['sixteen letters.', 'a text of 16 characters'],
  ['cohort', '"cohort"'],
  ['20ms', '"20ms"'],
  ['1 + 1', '"1 + 1"'],
  ['concurency', '"concurency"'],
])('%j is mentioned as %s', (value, words) => {
  expect(mention(value, VOCABULARY)).toBe(words);
});

test('names, paths, keys and variables are shown while they look like some', () => {
  expect([mentionName('unit-0001'), mentionName('deviceSecretss'), mentionName('outdoorTemperatureOf')]).toEqual([
    'unit-0001',
    'deviceSecretss',
    'a text of 20 characters',
  ]);
  expect([mentionPath('../units.csv'), mentionPath('/run/secrets/ps'), mentionPath('a-folder/of-many-units.csv')]).not.toContain(undefined);
  expect([mentionPath('Zb1kQ9xTfR3mWc7L'), mentionPath('units/Zb1kQ9xTfR3mWc7L')]).toEqual([undefined, undefined]);
  expect([mentionVariable('MUSTER_PRODUCT_SECRET'), mentionVariable('ps')]).toEqual(['MUSTER_PRODUCT_SECRET', 'ps']);
  expect([mentionVariable('ZB1KQ9XTFR3MWC7L'), mentionVariable('zb1k_q9xtfr3mwc7l')]).toEqual([undefined, undefined]);
});
