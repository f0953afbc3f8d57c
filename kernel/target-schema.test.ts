// The published JSON Schema of a target file is made from what reads it. `UPDATE_SCHEMAS=1 npx vitest run kernel` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseTarget, TARGET } from './target.ts';

const DOCS = join(import.meta.dirname, '../docs');
const FILE = join(DOCS, 'schemas/target.schema.json');

test('the JSON Schema of a target file is the one in docs/', async () => {
  const made = {
    $id: 'muster-target',
    title: 'Target file of `muster` (YAML or JSON)',
    ...toJsonSchema(TARGET, { errorMode: 'ignore', typeMode: 'input' }),
  };
  const text = `${JSON.stringify(made, null, 2)}\n`;
  if (process.env.UPDATE_SCHEMAS) writeFileSync(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(text));
});

test('every example of the page about targets is one', () => {
  const page = readFileSync(join(DOCS, 'targets.md'), 'utf8');
  const examples = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThanOrEqual(4);
  for (const text of examples) expect([text, parseTarget(parse(text))]).toMatchObject([text, { ok: true }]);
});

test.each([
  [{ kind: 'alicloud' }, /needs a region, or an endpoint/],
  [{ kind: 'alicloud', region: 'Shanghai!' }, /is no region/],
  [{ kind: 'alicloud', endpoint: 'http://host/path' }, /is no host/],
  [{ kind: 'nobody' }, /one of .*alicloud/],
])('an administrator that is none: %j', (administrator, why) => {
  const parsed = parseTarget({ endpoints: { mqtts: 'mqtts://h:1' }, product: { key: 'a1' }, administrator });
  expect(parsed).toMatchObject({ ok: false, why: expect.stringMatching(why) as string });
});
