// `muster replay`: a case of a report repeats itself to the byte, or the command says where it does not.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { muster } from './command.ts';

const CASE = 'platform/nwl/five-units';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function run(name: string, ...more: string[]): Promise<string> {
  const out = join(folder, name);
  await muster(['verify', 'platform', '--case', CASE, '--out', out, ...more]);
  return out;
}

describe('replay', () => {
  test('is identical, in another seed, namespace and on a wrong platform too', async () => {
    const runs = [
      await run('seed', '--seed', 'seven', '--namespace', 'x9'),
      // The report names the mutant; whoever judged did not know it.
      await run('mutant', '--mutant', 'cap-4'),
      await run('lean', '--session', 'lean'),
    ];
    for (const out of runs) {
      const { code, stdout } = await muster(['replay', out, '--case', CASE]);
      expect([code, stdout.trim()]).toEqual([0, `identical  ${CASE}`]);
    }
  });

  test('takes the file as well as the folder, and every case where none is named', async () => {
    const out = await run('all');
    expect((await muster(['replay', join(out, 'report.json')])).stdout).toBe(`identical  ${CASE}\n`);
  });

  test('says of a fleet that it has no evidence', async () => {
    const out = join(folder, 'fleet');
    await muster(['fleet', '--devices', '1', '--out', out]);
    const { code, stderr } = await muster(['replay', out]);
    expect([code, stderr]).toEqual([64, expect.stringMatching(/is of a fleet/)]);
  });

  test('says which span differs, with exit code 4', async () => {
    const out = await run('changed');
    const file = join(out, 'transcript.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"name":"connect-3"', '"name":"connect-x"'));
    const { code, stdout, stderr } = await muster(['replay', out, '--case', CASE]);
    expect(code).toBe(4);
    expect(stdout).toContain('the span connect-x differs');
    expect(stderr).toMatch(/was changed/);
  });

  test('what ran over sockets cannot be repeated', async () => {
    const out = join(folder, 'sockets');
    await muster(['verify', 'platform', '--case', 'platform/transport/plain-tcp', '--out', out]);
    const { code, stdout } = await muster(['replay', out]);
    expect(code).toBe(4);
    expect(stdout).toContain('a clock that cannot be turned back');
  });

  test.each([
    ['nothing there', () => 'no-such-folder', /does not exist/],
    ['no JSON', () => write('text.json', 'hello'), /is not JSON/],
    ['another document', () => write('other.json', '{"format":"other"}'), /is no muster-report\/1/],
  ])('refuses %s', async (_what, path, why) => {
    const { code, stderr } = await muster(['replay', path()]);
    expect(code).toBe(64);
    expect(stderr).toMatch(why);
    expect(stderr).not.toContain('    at ');
  });

  test('refuses a case that the report does not hold', async () => {
    const { code, stderr } = await muster(['replay', await run('one'), '--case', 'platform/no/such']);
    expect(code).toBe(64);
    expect(stderr).toMatch(/holds no case platform\/no\/such/);
  });
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}
