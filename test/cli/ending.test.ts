// How commands end: by a signal, without a reader, without a platform, by a fault of their own. Nothing is left behind.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { COMMAND } from '../command/command.ts';
import { EXIT, Sandbox } from './process.ts';

const sandbox = new Sandbox();
afterEach(() => {
  expect(sandbox.leftBehind()).toEqual([]);
});
afterAll(() => sandbox.close());

const STARTED = /devices at the embedded stub/;

interface Fleet {
  readonly devices: number;
  readonly activated: number;
  readonly refused: number;
  readonly failed: number;
  readonly local: number;
  readonly aborted: number;
  readonly platform: { readonly activated: number } | null;
}

function accountOf(text: string): Fleet {
  const fleet = JSON.parse(text) as Fleet;
  expect(fleet.activated + fleet.refused + fleet.failed + fleet.local + fleet.aborted).toBe(fleet.devices);
  return fleet;
}

describe('a fleet', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('reports what ran at %s', async (signal) => {
    const fleet = sandbox.start(['fleet', '--devices', '4000', '--rate', '40', '--json', '-']);
    await fleet.printed('stderr', STARTED);
    fleet.child.kill(signal);
    const { code, stdout } = await fleet.ended;
    expect(code).toBe(EXIT.interrupted);
    const report = accountOf(stdout);
    expect(report.aborted).toBeGreaterThan(0);
    // Some were called off after the platform had accepted them.
    const more = (report.platform?.activated ?? NaN) - report.activated;
    expect([more >= 0, more <= report.aborted]).toEqual([true, true]);
  });

  test('does not sit its --hold out when it is interrupted', async () => {
    const fleet = sandbox.start(['fleet', '--devices', '3', '--hold', '86400', '--json', '-']);
    await fleet.printed('stderr', STARTED);
    const since = Date.now();
    // Some time between the start and the end of days, mostly during the hold: the outcome is the same.
    await sandbox.run(['--version']);
    fleet.child.kill('SIGINT');
    const { code, stdout } = await fleet.ended;
    expect(code).toBe(EXIT.interrupted);
    expect(accountOf(stdout).devices).toBe(3);
    expect(Date.now() - since).toBeLessThan(15_000);
  });

  test('keeps its report when the platform goes away in mid-run', async () => {
    await sandbox.withStub([], async ({ target }, stub) => {
      const fleet = sandbox.start(['fleet', '--devices', '60', '--rate', '30', '--json', '-', '--target', target]);
      await fleet.printed('stderr', /60 devices at/);
      stub.child.kill('SIGTERM');
      const { code, stdout, stderr } = await fleet.ended;
      const report = accountOf(stdout);
      expect(report.platform).toBeNull();
      expect(report.failed).toBeGreaterThan(0);
      expect(stderr).toMatch(/does not answer.*without the platform's own count/);
      expect(code).toBe(EXIT.unreachable);
    });
  });
});

describe('a suite', () => {
  test('reports what ran at SIGINT', async () => {
    await sandbox.withStub([], async ({ target }) => {
      const out = sandbox.at('interrupted');
      const suite = sandbox.start(['verify', 'platform', '--jobs', '1', '--out', out, '--target', target]);
      await suite.printed('stderr', /cases at muster-stub, seed 1, namespace [a-z0-9]{8}\n/);
      suite.child.kill('SIGINT');
      const { code, stdout, stderr } = await suite.ended;
      expect({ code, signal: stderr.includes('stopping') }).toEqual({ code: EXIT.interrupted, signal: true });
      expect(stdout).toContain('the run was stopped');
      const report = JSON.parse(readFileSync(`${out}/report.json`, 'utf8')) as {
        result: { conformance: string };
        cases: { verdict: string }[];
      };
      expect(report.result.conformance).toBe('undetermined');
      expect(report.cases.some((one) => one.verdict === 'not_run')).toBe(true);
      expect(readFileSync(`${out}/transcript.jsonl`, 'utf8')).toMatch(/"kind":"footer".*\n$/);
    });
  });
});

describe('a second Ctrl-C', () => {
  test('ends a run at the embedded stub without a report, and takes the stub on sockets with it', async () => {
    const out = sandbox.at('twice');
    const suite = sandbox.start(['verify', 'platform', '--out', out]);
    // A case that needs sockets has opened a stub: there are files to remove.
    await expect.poll(() => sandbox.leftBehind().some((name) => /^stub-\d+\.json$/.test(name)), { timeout: 60_000 }).toBe(true);
    suite.child.kill('SIGINT');
    await suite.printed('stderr', /stopping/);
    suite.child.kill('SIGINT');
    const { code, signal, stdout } = await suite.ended;
    expect({ code, signal, stdout }).toEqual({ code: EXIT.interrupted, signal: null, stdout: '' });
    // The last that a report is written as.
    expect(existsSync(`${out}/report.sarif`)).toBe(false);
  });
});

describe('without a reader', () => {
  test.each([
    [['verify', 'platform', '--case', 'platform/transport/*', '--mutant', 'off:RULE-02'], EXIT.notConformant],
    [['verify', 'platform', '--case', 'platform/transport/*'], EXIT.asked],
    [['fleet', '--devices', '2'], EXIT.asked],
    [['fleet', '--bogus'], EXIT.usage],
  ])('%j keeps its exit code %i', async (args, code) => {
    // Closed at once, so that even the first line finds nobody.
    const { stdout, stderr } = await sandbox.run(args, {
      shell: 'set -o pipefail; ("$@" 2>&1; echo "code $?" >&2) 2>code.txt | true; cat code.txt',
    });
    expect({ stdout, stderr }).toEqual({ stdout: `code ${code}\n`, stderr: '' });
  });

  test('a stub serves on', async () => {
    const stub = sandbox.start(['stub', '--json'], { shell: '"$@" > >(true)' });
    try {
      // Its run file tells where it is, since its line reaches nobody.
      await expect.poll(() => sandbox.leftBehind().some((name) => /^stub-\d+\.json$/.test(name)), { timeout: 10_000 }).toBe(true);
      const name = sandbox.leftBehind().find((one) => one.startsWith('stub-')) ?? '';
      const { pid, ports } = JSON.parse(readFileSync(sandbox.at('run', 'muster', name), 'utf8')) as { pid: number; ports: { api: number } };
      expect((await fetch(`http://127.0.0.1:${ports.api}/operator`, { method: 'POST' })).status).toBe(401);
      process.kill(pid, 'SIGTERM');
      expect((await stub.ended).code).toBe(EXIT.asked);
    } finally {
      stub.child.kill('SIGKILL');
    }
  });

  test.skipIf(process.platform !== 'linux')('a full disk behind stdout is said in one line', async () => {
    const { code, stderr } = await sandbox.run(['verify', 'firmware'], { shell: '"$@" > /dev/full' });
    expect(stderr).toMatch(/^muster: 1 case at [^\n]+\nmuster: stdout cannot be written \(ENOSPC\); send it elsewhere\n$/);
    expect(code).toBe(EXIT.usage);
  });
});

test('a fault in a thread is ours: exit code 4, never a verdict', async () => {
  const broken = sandbox.at('broken');
  mkdirSync(broken);
  cpSync(dirname(COMMAND), broken, { recursive: true });
  rmSync(`${broken}/cell.worker.js`);
  const { code, stdout, stderr } = await sandbox.run(['verify', 'firmware'], { program: `${broken}/muster.js` });
  expect({ code, stdout }).toEqual({ code: EXIT.ownError, stdout: '' });
  expect(stderr).toMatch(/\nmuster: a fault of Muster itself, please report it\n.*cell\.worker\.js/);
});

describe('serve', () => {
  test.each([
    ['SIGINT', EXIT.interrupted],
    ['SIGTERM', EXIT.asked],
  ] as const)('prints one URL, and ends at %s with %i and its port free', async (signal, code) => {
    const serve = sandbox.start(['serve', '--port', '0']);
    const url = (await serve.printed('stdout', /\n/)).trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/);
    expect(await page.text()).toMatch(/<!doctype html>/i);
    expect((await fetch(`${url}../../package.json`)).status).toBe(404);
    serve.child.kill(signal);
    expect(await serve.ended).toMatchObject({ code, stdout: `${url}\n` });
    const again = createServer().listen(Number(new URL(url).port), '127.0.0.1');
    await once(again, 'listening');
    again.close();
  });
});
