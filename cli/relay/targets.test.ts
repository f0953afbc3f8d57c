// What a page may know of a target: where it is, and what it takes; and nothing of its secrets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { listed, targetFromFile, targetOf } from './targets.ts';

const dir = mkdtempSync(join(tmpdir(), 'muster-relay-targets-'));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (more = ''): string => {
  const path = join(dir, 'lab.yaml');
  writeFileSync(path, `name: lab\nendpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1, secretEnv: MUSTER_PRODUCT_SECRET }\n${more}`);
  return path;
};

it.each([
  ['declared', 'pace: { perSecond: 50, perDevicePerMinute: 2 }', { perSecond: 50, perDevicePerMinute: 2 }],
  ['unlimited', 'pace: { perDevicePerMinute: none }', { perDevicePerMinute: 'none' }],
  ['not declared', '', { perDevicePerMinute: 5 }],
])('the pace of a target file is listed: %s', (_what, written, pace) => {
  expect(listed(targetFromFile(file(written)))).toEqual({
    id: 'lab',
    name: 'lab',
    productKey: 'a1',
    pace,
    endpoints: { mqtts: { host: 'h', port: 1, sni: 'h' } },
  });
});

it('a target that says nothing of its pace has none listed', () => {
  expect(listed(targetOf({ name: 'x', productKey: 'a1' }, { mqtt: 'mqtt://h' }, {}, 'the test')).pace).toEqual({});
});
