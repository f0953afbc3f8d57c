// Mistakes of users: one clear line on stderr, the right exit code, nothing half-written, never a stack trace.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND, muster, withStub } from './command.ts';

const USAGE = 64;
const UNREACHABLE = 3;
const INTERRUPTED = 130;
const SECRET = { MUSTER_PRODUCT_SECRET: 'ps0123456789abcd' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  writeFileSync(join(folder, 'torn.yaml'), 'name: [');
  writeFileSync(join(folder, 'unknown.yaml'), 'endpoints: { mqtts: mqtts://h:1 }\nproduct: { key: a1 }\ncolour: red\n');
  writeFileSync(join(folder, 'scheme.yaml'), 'endpoints: { mqtts: http://h:1 }\nproduct: { key: a1 }\n');
  writeFileSync(join(folder, 'not-a.pem'), 'hello');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const URL_OF_NOBODY = ['--target', 'mqtts://127.0.0.1:1', '--product-key', 'a1Muster0001'];

describe('a mistake', () => {
  test.each<[string, () => string[], number, RegExp]>([
    ['an unknown option', () => ['fleet', '--colour', 'red'], USAGE, /unknown option '--colour'/],
    ['an unknown command', () => ['fleets'], USAGE, /unknown command 'fleets'/],
    ['an option of a later version', () => ['verify', 'firmware', '--wait', '5'], USAGE, /unknown option '--wait'/],
    ['a baseline that is not there', () => ['verify', 'platform', '--baseline', at('none.yaml')], USAGE, /--baseline .*does not exist/],
    ['no devices', () => ['fleet', '--devices', '0'], USAGE, /--devices.*from 1 to/],
    ['a million devices', () => ['fleet', '--devices', '1000000'], USAGE, /--devices.*from 1 to/],
    ['devices as text', () => ['fleet', '--devices', 'many'], USAGE, /--devices.*whole number/],
    ['half a device', () => ['fleet', '--devices', '1.5'], USAGE, /--devices.*whole number/],
    ['no rate', () => ['fleet', '--rate', '0'], USAGE, /--rate.*above 0/],
    ['an unknown mode', () => ['fleet', '--mode', 'dance'], USAGE, /--mode dance/],
    ['a namespace that no name can hold', () => ['fleet', '--namespace', 'a b'], USAGE, /--namespace/],
    [
      'a report into a folder that is not there',
      () => ['fleet', '--devices', '1', '--json', at('no/where.json')],
      USAGE,
      /folder does not exist/,
    ],
    ['a report onto a folder', () => ['fleet', '--devices', '1', '--json', folder], USAGE, /is a directory/],
    ['a target file that is not there', () => ['fleet', '--target', at('none.yaml')], USAGE, /none\.yaml does not exist/],
    ['a target that is a folder', () => ['fleet', '--target', folder], USAGE, /is a directory/],
    ['a target file that is no YAML', () => ['fleet', '--target', at('torn.yaml')], USAGE, /torn\.yaml is not YAML \(line \d+/],
    ['a target file with an unknown key', () => ['fleet', '--target', at('unknown.yaml')], USAGE, /unknown\.yaml, colour/],
    ['an endpoint of another scheme', () => ['fleet', '--target', at('scheme.yaml')], USAGE, /endpoints\.mqtts.*not a mqtts URL/],
    ['no secret', () => ['fleet', ...URL_OF_NOBODY], USAGE, /MUSTER_PRODUCT_SECRET is not set/],
    ['a case that does not exist', () => ['verify', 'platform', '--case', 'nothing/*'], USAGE, /matches no case/],
    ['a mutant that does not exist', () => ['verify', 'platform', '--mutant', 'nobody'], USAGE, /names no mutant/],
    ['a file where the report should go', () => ['verify', 'platform', '--out', at('torn.yaml')], USAGE, /there is a file of that name/],
    [
      'an authority for the embedded stub',
      () => ['verify', 'platform', '--ca', at('not-a.pem')],
      USAGE,
      /--ca needs a --target that is reached over sockets/,
    ],
    ['one profile of two that does not exist', () => ['verify', 'platform', '--profile', 'nwl,al'], USAGE, /--profile al is no profile/],
    ['a profile that does not exist', () => ['verify', 'platform', '--profile', 'all'], USAGE, /--profile all/],
    [
      'an edition that does not exist',
      () => ['verify', 'platform', '--edition', '2020'],
      USAGE,
      /--edition 2020 is no edition; give one of doc2020/,
    ],
    [
      'an edition beside a target file',
      () => ['verify', 'platform', '--edition', 'doc2021', '--target', at('unknown.yaml')],
      USAGE,
      /is a file; write `edition: doc2021` into it/,
    ],
    ['a device of a later version', () => ['verify', 'firmware', '--device', 'external'], USAGE, /--device external/],
    ['a stub config that is not there', () => ['stub', '--config', at('none.yaml')], USAGE, /none\.yaml/],
  ])('%s is said in one line', async (_what, args, code, words) => {
    const ended = await muster(args(), { MUSTER_PRODUCT_SECRET: '' });
    expect(ended.stderr).toMatch(words);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });

  test.each<[string, string[], RegExp]>([
    ['a port where nothing listens', ['--target', 'mqtts://127.0.0.1:1'], /nothing listens there/],
    ['a host that does not exist', ['--target', 'mqtts://no-such-host.invalid:8883'], /host name is not known/],
  ])('%s exits with 3', async (_what, target, words) => {
    for (const command of [
      ['fleet', '--devices', '5'],
      ['verify', 'platform'],
    ]) {
      const ended = await muster([...command, ...target, '--product-key', 'a1Muster0001'], SECRET);
      expect(ended.stderr).toMatch(words);
      expect(ended.code).toBe(UNREACHABLE);
    }
  });

  test('a certificate that is not trusted exits with 3 and names --ca', async () => {
    await withStub([], async ({ mqtts }) => {
      const ended = await muster(
        ['fleet', '--devices', '5', '--target', `mqtts://127.0.0.1:${mqtts}`, '--product-key', 'a1Muster0001'],
        SECRET,
      );
      expect(ended.stderr).toMatch(/certificate was refused .*--ca FILE/);
      expect(ended.code).toBe(UNREACHABLE);
      const bad = await muster(
        ['fleet', '--devices', '5', '--target', `mqtts://127.0.0.1:${mqtts}`, '--product-key', 'a1Muster0001', '--ca', at('not-a.pem')],
        SECRET,
      );
      expect(bad.code).toBe(USAGE);
      expect(bad.stderr).not.toMatch(/\n\s+at /);
    });
  });

  test('a busy port exits with 3 and names the port', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const ended = await muster(['serve', '--port', String(port)]);
      expect(ended.stderr).toContain(`port ${port} is in use`);
      expect(ended.code).toBe(UNREACHABLE);
    } finally {
      server.close();
    }
  });
});

describe('an interrupt', () => {
  test('in mid-run ends a fleet with 130 and the report of what ran', async () => {
    const file = at('interrupted.json');
    const child = spawn(process.execPath, [COMMAND, 'fleet', '--devices', '5000', '--rate', '50', '--json', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    // Every thread is there; the run itself would take 100 s.
    let said = '';
    for await (const line of createInterface(child.stderr)) {
      said = line;
      if (line.includes('5000 devices at the embedded stub')) break;
    }
    expect(said).toContain('5000 devices at the embedded stub');
    child.kill('SIGINT');
    const [code] = (await ended) as [number];
    expect(code).toBe(INTERRUPTED);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Record<
      'devices' | 'activated' | 'refused' | 'failed' | 'local' | 'aborted',
      number
    >;
    expect(report.activated + report.refused + report.failed + report.local + report.aborted).toBe(report.devices);
    expect(report.aborted).toBeGreaterThan(0);
  }, 60_000);

  test.each([
    ['SIGINT', INTERRUPTED],
    ['SIGTERM', 0],
  ] as const)(
    '%s ends a stub with %i and leaves no file',
    async (signal, code) => {
      const child = spawn(process.execPath, [COMMAND, 'stub', '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'close');
      const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
      const { ca } = JSON.parse(String(line.value)) as { ca: string };
      expect(existsSync(ca)).toBe(true);
      child.kill(signal);
      expect((await ended)[0]).toBe(code);
      expect(existsSync(ca)).toBe(false);
    },
    60_000,
  );
});

test('no secret of a run is in what it prints or writes', async () => {
  await withStub([], async ({ target }) => {
    const out = at('secrets');
    const ended = await muster([
      'verify',
      'platform',
      '--target',
      target,
      '--case',
      'platform/{nwl,registration}/bad-credentials',
      '--out',
      out,
    ]);
    expect(ended.code).toBe(USAGE);
    const { stdout, stderr, code } = await muster([
      'verify',
      'platform',
      '--target',
      target,
      '--case',
      'platform/*/bad-credentials',
      '--out',
      out,
    ]);
    expect(code).toBe(0);
    const transcript = readFileSync(join(out, 'transcript.jsonl'), 'utf8');
    const token = readFileSync(join(target, '..', 'operator-token'), 'utf8').trim();
    const hexOfWrongSecret = Buffer.from('not-the-secret-of-it').toString('hex');
    for (const text of [stdout, stderr, transcript]) {
      expect(text).not.toContain(token);
      expect(text).not.toContain('not-the-secret-of-it');
      expect(text).not.toContain(hexOfWrongSecret);
    }
  });
}, 60_000);
