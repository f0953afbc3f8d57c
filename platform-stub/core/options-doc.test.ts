// The page about options is made from the options. `UPDATE_DOCS=1 npx vitest run platform-stub` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EDITIONS, type EditionName } from '../../protocol/editions.ts';
import { OPTION_NAMES, OPTIONS, optionsOf, type OptionName } from './options.ts';

const FILE = join(import.meta.dirname, '../../docs/stub-options.md');

function row(name: OptionName): string {
  const { rule, values, says } = OPTIONS[name];
  return `| \`${name}\` | ${rule} | ${values.map((one) => `\`${one}\``).join(', ')} | ${says.replaceAll('|', '\\|')} |`;
}

function presets(): string[] {
  return (Object.keys(EDITIONS) as EditionName[]).map((edition) => {
    const [own, usual] = [optionsOf(edition), optionsOf('doc2020')];
    const differs = OPTION_NAMES.filter((name) => own[name] !== usual[name]).map((name) => `\`${name}=${own[name]}\``);
    return `- \`${edition}\`: ${differs.length > 0 ? differs.join(', ') : 'the defaults'}`;
  });
}

const PAGE = `# Options of the stub

<!-- Generated from platform-stub/core/options.ts; change it there. -->

The documents leave some behaviour open, and they contradict each other in places. Each such point is an option: \`muster stub --option
name=value\` (repeatable), or \`options:\` in a config file. The suite calls every value of every option conformant; only its readings differ.
What the documents settle is not an option; \`--mutant\` breaks it on purpose.

An edition (\`--edition\`) sets several of them:

${presets().join('\n')}

| option | open since | values, the default first | what it decides |
| --- | --- | --- | --- |
${OPTION_NAMES.map(row).join('\n')}
`;

describe('docs/stub-options.md', () => {
  it('says what the code says', () => {
    if (process.env['UPDATE_DOCS']) writeFileSync(FILE, PAGE);
    const plain = (text: string): string => text.replaceAll(/[ -]+/g, ' ');
    expect(plain(readFileSync(FILE, 'utf8'))).toBe(plain(PAGE));
  });
});
