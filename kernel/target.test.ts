// A target file that is wrong is said by its place and by what belongs there, never by the value: it may be a secret in the wrong place.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTarget } from './target.ts';

const GOOD = { endpoints: { mqtts: 'mqtts://host:8883' }, product: { key: 'a1' } };
const SECRET = 'ps-very-secret-0001';

test.each<[string, unknown, string, RegExp]>([
  ['an unknown key', { ...GOOD, [`colour`]: SECRET }, 'colour', /not a key of a target file/],
  ['a secret for the product', { ...GOOD, product: SECRET }, 'product', /not what belongs here/],
  ['a secret for an endpoint', { ...GOOD, endpoints: { mqtts: `mqtts//${SECRET}` } }, 'endpoints.mqtts', /not a mqtts URL/],
  ['a secret for the edition', { ...GOOD, edition: SECRET }, 'edition', /one of .*doc2020/],
  ['a secret for the pace', { ...GOOD, pace: { perDevicePerMinute: SECRET } }, 'pace.perDevicePerMinute', /not what belongs here/],
  ['no product', { endpoints: GOOD.endpoints }, 'product', /is missing/],
  ['no endpoint', { ...GOOD, endpoints: {} }, 'endpoints', /at least one endpoint/],
  ['two secrets', { ...GOOD, product: { key: 'a1', secretEnv: 'A', secretFile: 'b' } }, 'product', /not both/],
])('%s', (_what, document, place, why) => {
  const parsed = parseTarget(document);
  expect(parsed).toMatchObject({ ok: false, place });
  expect(JSON.stringify(parsed)).toMatch(why);
  expect(JSON.stringify(parsed)).not.toContain(SECRET);
});

test('whatever the document, it is an answer and never a throw', () => {
  fc.assert(fc.property(fc.anything(), (document) => typeof parseTarget(document).ok === 'boolean'));
  expect(parseTarget(GOOD)).toMatchObject({ ok: true, target: { edition: 'doc2020', pace: { perDevicePerMinute: 5 } } });
});
