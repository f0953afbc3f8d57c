// The suite at targets that nobody of ours wrote: a small platform in Python that follows the other readings is conformant, with them; a
// broker, and three servers that are no platform at all, never are, and the result says why.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { stringify } from 'yaml';
import type { Report } from '../../report/model.ts';
import { openStateDir, type StateDir } from '../../platform-stub/node/state-dir.node.ts';
import { muster, type Ended } from '../command/command.ts';
import { describeForeign, isInstalled } from './foreign.ts';
import { withImpostor, type Impostor } from './impostors.ts';

const PRODUCT = { key: 'a1NotOurs01', secret: 'ps-of-nobody-0001' };
const LONG = 300_000;
let folder: string;
let state: StateDir;
let cert: string;
let key: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  state = await openStateDir(join(folder, 'tls'), ['127.0.0.1', 'localhost'], () => undefined);
  cert = join(folder, 'server.pem');
  key = join(folder, 'server.key');
  writeFileSync(cert, state.certificates.rsa.cert);
  writeFileSync(key, state.certificates.rsa.key);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ports {
  readonly mqtts: number;
  readonly mqtt?: number;
}

interface Verified extends Ended {
  readonly report: Report;
}

/** Runs the suite at 127.0.0.1, which claims both modes and lists names that were added; nobody administers it. */
async function verify(name: string, ports: Ports, ...more: string[]): Promise<Verified> {
  const names = join(folder, `${name}.csv`);
  writeFileSync(names, NAMES.join('\n'));
  const target = join(folder, `${name}.yaml`);
  const endpoints = {
    mqtts: `mqtts://127.0.0.1:${ports.mqtts}`,
    ...(ports.mqtt === undefined ? {} : { mqtt: `mqtt://127.0.0.1:${ports.mqtt}` }),
  };
  writeFileSync(
    target,
    stringify({
      name,
      endpoints,
      product: { key: PRODUCT.key, secretEnv: 'NOT_OURS' },
      tls: { ca: state.caPath },
      profiles: ['prereg', 'nwl'],
      inventory: names,
      pace: { perDevicePerMinute: 'none' },
    }),
  );
  const out = join(folder, `${name}-out`);
  const env = { NOT_OURS: PRODUCT.secret, XDG_STATE_HOME: join(folder, 'state') };
  const ended = await muster(['verify', 'platform', '--target', target, '--jobs', '8', '--out', out, ...more], env);
  return { ...ended, report: JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Report };
}

const NAMES = Array.from({ length: 400 }, (_, i) => `added-${String(i).padStart(4, '0')}`);

/** A program that prints its ports first, while `use` runs. */
async function withProgram<T>(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  use: (child: ChildProcess, first: string) => Promise<T>,
): Promise<T> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  try {
    const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    if (line.done) throw new Error(`${program} ended without a word`);
    return await use(child, line.value);
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

// They wait most of the time, each for its own server: side by side.
describe.concurrent('at a target', () => {
  describeForeign('python3', isInstalled('python3'), 'apt-get install python3', () => {
    test(
      'a platform that follows the other readings is conformant, with those readings',
      async ({ expect }) => {
        const names = join(folder, 'tiny.csv');
        writeFileSync(names, NAMES.join('\n'));
        const env = { TINY_PRODUCT_KEY: PRODUCT.key, TINY_PRODUCT_SECRET: PRODUCT.secret };
        const script = join(import.meta.dirname, 'tiny_platform.py');
        await withProgram('python3', [script, '--cert', cert, '--key', key, '--names', names], env, async (_, first) => {
          const { report, code } = await verify('tiny', JSON.parse(first) as Ports);
          const wrong = report.cases.flatMap((one) =>
            one.checks
              .filter((check) => !['pass', 'not_applicable'].includes(check.verdict))
              .map((check) => `${one.id}#${check.id} ${check.verdict}: ${check.because}`),
          );
          expect(wrong).toEqual([]);
          expect([code, report.result.conformance]).toEqual([0, 'conformant']);
          const readings = JSON.stringify(report.readings);
          // Both modes on one topic, a new secret at each registration, CONNACK 5, and ClientIDs that live side by side.
          expect(readings).toContain('/ext/register');
          expect(readings).not.toContain('/ext/regnwl');
          expect(readings).toMatch(/connack 5|CONNACK 5|"value":5/);
        });
      },
      LONG,
    );
  });

  describe('what is no platform is never conformant, and the result says why', () => {
    const impostors: readonly (readonly [Impostor, number, RegExp])[] = [
      ['accepts-everything', 1, /./],
      ['refuses-everything', 2, /never-accepted/],
      ['never-answers', 2, /never-accepted/],
    ];
    for (const [kind, code, reason] of impostors) {
      test(
        kind,
        async ({ expect }) => {
          await withImpostor(kind, { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }, async (ports) => {
            const ended = await verify(kind, ports, '--timeout', '1');
            expect(ended.code).toBe(code);
            expect(ended.report.result.conformance).not.toBe('conformant');
            expect(`${ended.report.result.reasons.join(' ')} ${ended.stdout}`).toMatch(reason);
            expect(ended.stderr).not.toMatch(/fault of Muster| {4}at /);
          });
        },
        LONG,
      );
    }

    test('a dead port ends with what the doctor says, exit code 3', async ({ expect }) => {
      const { code, stderr } = await muster(['verify', 'platform', '--target', 'mqtts://127.0.0.1:1', '--product-key', PRODUCT.key], {
        MUSTER_PRODUCT_SECRET: PRODUCT.secret,
      });
      expect([code, stderr]).toEqual([3, expect.stringMatching(/cannot be reached: nothing listens there/)]);
    });
  });

  describeForeign('mosquitto', isInstalled('mosquitto'), 'apt-get install mosquitto', () => {
    test(
      'a broker that lets everybody in is not conformant',
      async ({ expect }) => {
        const mqtts = await freePort();
        const config = join(folder, 'mosquitto.conf');
        writeFileSync(config, `listener ${mqtts} 127.0.0.1\ncertfile ${cert}\nkeyfile ${key}\nallow_anonymous true\nuser root\n`);
        const child = spawn('mosquitto', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
        const gone = once(child, 'close');
        try {
          for await (const line of createInterface(child.stderr)) if (/running/.test(line)) break;
          child.stderr.resume();
          const ended = await verify('mosquitto', { mqtts }, '--timeout', '1');
          expect([1, 2]).toContain(ended.code);
          expect(ended.report.result.conformance).not.toBe('conformant');
          // Why: it lets in whoever asks, and gives nobody credentials.
          expect(ended.stdout).toMatch(/RULE-05/);
          expect(ended.stderr).not.toMatch(/fault of Muster| {4}at /);
        } finally {
          child.kill('SIGTERM');
          await gone;
        }
      },
      LONG,
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
