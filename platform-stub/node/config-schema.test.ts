// The published JSON Schema of a config file is made from what reads it. `UPDATE_SCHEMAS=1 npx vitest run platform-stub` writes it anew.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, it } from 'vitest';
import { OPTION_NAMES, OPTIONS } from '../core/options.ts';
import { CONFIG } from './config.node.ts';

const FILE = join(import.meta.dirname, '../../docs/schemas/stub-config.schema.json');

interface Schema {
  readonly properties: Record<string, Schema>;
  readonly enum?: readonly string[];
  readonly description?: string;
}

describe('the JSON Schema of a stub config', () => {
  // Checks that are functions have no counterpart there; whoever reads the file makes them.
  const made = {
    $id: 'muster-stub-config',
    title: 'Config of `muster stub` (YAML or JSON)',
    ...toJsonSchema(CONFIG, { errorMode: 'ignore', typeMode: 'input' }),
  };
  const text = `${JSON.stringify(made, null, 2)}\n`;

  it('is the one in docs/', () => {
    if (process.env['UPDATE_SCHEMAS']) {
      mkdirSync(dirname(FILE), { recursive: true });
      writeFileSync(FILE, text);
    }
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(text));
  });

  it('names every key, and every option with its values and what it is about', () => {
    const { properties } = JSON.parse(text) as Schema;
    expect(Object.keys(properties).sort()).toEqual(['accessKeys', 'capacity', 'edition', 'instanceId', 'options', 'ports', 'products']);
    const options = properties['options']?.properties ?? {};
    for (const name of OPTION_NAMES) {
      expect([name, options[name]?.enum, options[name]?.description]).toEqual([name, [...OPTIONS[name].values], OPTIONS[name].says]);
    }
  });
});
