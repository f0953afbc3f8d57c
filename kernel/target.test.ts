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
  ['a list for the pace', { ...GOOD, pace: [] }, 'pace', /is a list, and a mapping belongs here/],
  ['a list for the endpoints', { ...GOOD, endpoints: [{ mqtts: SECRET }] }, 'endpoints', /is a list, and a mapping/],
  ['a list for the administrator', { ...GOOD, administrator: [{ kind: 'human' }] }, 'administrator', /is a list, and a mapping/],
  ['a list for the document', [GOOD], 'the document', /is a list, and a mapping/],
  ['two secrets', { ...GOOD, product: { key: 'a1', secretEnv: 'A', secretFile: 'b' } }, 'product', /not both/],
])('%s', (_what, document, place, why) => {
  const parsed = parseTarget(document);
  expect(parsed).toMatchObject({ ok: false, place });
  expect(JSON.stringify(parsed)).toMatch(why);
  expect(JSON.stringify(parsed)).not.toContain(SECRET);
});

test.each<[string, unknown, string, RegExp, RegExp]>([
  [
    'a mistyped key that is needed',
    { ...GOOD, endpoints: undefined, endpionts: {} },
    'endpionts',
    /is not a key/,
    /^did you mean endpoints\?$/,
  ],
  ['one inside', { ...GOOD, endpoints: { mqtss: 'x' } }, 'endpoints.mqtss', /is not a key/, /^did you mean mqtts\?$/],
  [
    'one of the product',
    { ...GOOD, product: { key: 'a1', SecretFile: 'x' } },
    'product.SecretFile',
    /not a key/,
    /did you mean secretFile\?/,
  ],
  [
    'one of the pace',
    { ...GOOD, pace: { perDevicePerMinut: 3 } },
    'pace.perDevicePerMinut',
    /not a key/,
    /did you mean perDevicePerMinute\?/,
  ],
  [
    'a key of another administrator',
    { ...GOOD, administrator: { kind: 'human', tokenFile: 'x' } },
    'administrator.tokenFile',
    /not a key/,
    /^known here are kind, minutes; docs\/targets\.md/,
  ],
  ['a key of nothing', { ...GOOD, 'a b': 1 }, '"a b"', /is not a key/, /^known here are name, endpoints, .*docs\/targets\.md/],
  ['a mistyped edition', { ...GOOD, edition: 'doc202' }, 'edition', /one of "doc2020", "doc2021"/, /^did you mean doc2020\?$/],
  ['a mistyped profile', { ...GOOD, profiles: ['nwl', 'prereq'] }, 'profiles[1]', /one of/, /^did you mean prereg\?$/],
  ['an empty name', { ...GOOD, name: '' }, 'name', /^is empty$/, /docs\/targets\.md/],
  [
    'no attempt of a device',
    { ...GOOD, pace: { perDevicePerMinute: 0 } },
    'pace.perDevicePerMinute',
    /less than 1.*says `none`/,
    /targets\.md/,
  ],
  ['less than no attempt', { ...GOOD, pace: { perDevicePerMinute: -1 } }, 'pace.perDevicePerMinute', /less than 1/, /targets\.md/],
  ['no connect at all', { ...GOOD, pace: { perSecond: 0 } }, 'pace.perSecond', /less than 1/, /targets\.md/],
])('%s is told with what was meant', (_what, document, place, why, remedy) => {
  expect(parseTarget(document)).toMatchObject({
    ok: false,
    place,
    why: expect.stringMatching(why) as string,
    remedy: expect.stringMatching(remedy) as string,
  });
});

test('whatever the document, it is an answer and never a throw', () => {
  fc.assert(fc.property(fc.anything(), (document) => typeof parseTarget(document).ok === 'boolean'));
  const endless: Record<string, unknown> = { ...GOOD };
  endless['own'] = endless;
  expect(parseTarget(endless)).toMatchObject({ ok: false, place: 'own' });
  expect(parseTarget(GOOD)).toMatchObject({ ok: true, target: { edition: 'doc2020', pace: { perDevicePerMinute: 5 } } });
});
