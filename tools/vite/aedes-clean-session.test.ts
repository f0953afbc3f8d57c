import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { checkout } from '../build.mjs';
import { aedesCleanSession } from './aedes-clean-session.ts';

const HANDLER = join(dirname(createRequire(import.meta.url).resolve('aedes')), 'lib/handlers/connect.js');
const SKIPS =
  /client\.resume\(\);?\s*if \(client\.clean\) \{\s*setImmediate\(done\);?\s*return;?\s*\}\s*const outgoing = persistence\.outgoingStream\(client\)/;

function transform(code: string): string {
  const { transform: hook } = aedesCleanSession();
  if (typeof hook !== 'object') throw new Error('no transform');
  return (hook.handler as unknown as (code: string) => { code: string })(code).code;
}

it('a clean session skips the queue that it has not; the rest of the handler stays as it is', () => {
  const original = readFileSync(HANDLER, 'utf8');
  expect(original).not.toMatch(SKIPS);
  expect(transform(original)).toMatch(SKIPS);
});

it('a handler that has changed is not guessed at', () => {
  expect(() => transform('export default 1')).toThrow(/has changed/);
});

it('what was built for the command has it', () => {
  const folder = join(checkout, 'dist/cli');
  const chunks = readdirSync(folder).flatMap((name) => (name.endsWith('.js') ? [readFileSync(join(folder, name), 'utf8')] : []));
  const withBroker = chunks.filter((code) => code.includes('outgoingStream(client)'));
  expect(withBroker.length).toBeGreaterThan(0);
  for (const code of withBroker) expect(code).toMatch(SKIPS);
});
