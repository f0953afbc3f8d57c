// `muster fleet` with plans, flash and thresholds, on the embedded stub, a stub in another process, and targets that do their worst.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt-packet';
import { afterAll, describe, expect, test } from 'vitest';
import { muster, withStub } from './command.ts';

const PLANS = join(import.meta.dirname, '../../examples/plans');
const LONG_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'muster-fleet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
function written(name: string, text: string): string {
  writeFileSync(at(name), text);
  return at(name);
}

interface FleetJson {
  readonly validity: { readonly ok: boolean };
  readonly devices: number;
  readonly activated: number;
  readonly refused: number;
  readonly failed: number;
  readonly local: number;
  readonly aborted: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly traffic: Readonly<Record<string, number>>;
  readonly cohorts: readonly { readonly name: string; readonly devices: number; readonly activated: number }[];
  readonly thresholds: readonly { readonly text: string; readonly ok: boolean | null }[];
  readonly stopped: string | null;
  readonly session: string;
  readonly digest: string;
  readonly platform: { readonly activated: number } | null;
}

async function fleet(...args: readonly string[]): Promise<{ code: number | null; stderr: string; report: FleetJson }> {
  const { code, stdout, stderr } = await muster(['fleet', ...args, '--json', '-']);
  try {
    return { code, stderr, report: JSON.parse(stdout) as FleetJson };
  } catch {
    throw new Error(`no report, exit ${code}: ${stderr}`);
  }
}

function expectBalanced({ devices, activated, refused, failed, local, aborted }: FleetJson): void {
  expect(activated + refused + failed + local + aborted).toBe(devices);
}

/** A server of raw TCP while `use` runs with its URL. */
async function withServer<T>(onSocket: (socket: Socket) => void, use: (url: string) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('a plan', () => {
  test.each(readdirSync(PLANS).filter((name) => name.endsWith('.yaml')))(
    'of examples/plans runs, small: %s',
    async (name) => {
      const small = name === 'listed.yaml' ? ['--devices', '3'] : ['--devices', '12'];
      const { report } = await fleet(join(PLANS, name), ...small, '--rate', '200', '--hold', '0').catch(() =>
        // A closed model has no rate.
        fleet(join(PLANS, name), ...small, '--hold', '0'),
      );
      expectBalanced(report);
      expect(report.devices).toBe(Number(small[1]));
      // Only a network that resets connections keeps anybody out.
      if (name !== 'bad-network.yaml') expect(report).toMatchObject({ activated: report.devices, aborted: 0 });
      else expect(report.failed + report.activated).toBe(report.devices);
    },
    LONG_MS,
  );

  test(
    'is the same fleet for any number of workers, and printed and read again',
    async () => {
      const plan = join(PLANS, 'bad-network.yaml');
      const args = ['--devices', '20', '--seed', 'x', '--hold', '0'];
      const one = await fleet(plan, ...args, '--workers', '1');
      const two = await fleet(plan, ...args, '--workers', '2', '--session', 'lean');
      expect(two.report.digest).toBe(one.report.digest);
      expect([one.report.session, two.report.session]).toEqual(['reference', 'lean']);
      const printed = await muster(['fleet', plan, ...args, '--print-plan']);
      expect([printed.code, printed.stderr]).toEqual([0, '']);
      const again = await fleet(written('printed.yaml', printed.stdout));
      expect(again.report.digest).toBe(one.report.digest);
      expect(one.stderr).toMatch(
        /forecast: 20 devices, about \d+ s; 20 DeviceNames, 16 registrations, 8 ClientIDs, 36 connections, then 4 publishes/,
      );
    },
    LONG_MS,
  );

  test.each([
    ['holds', 'thresholds: [refused == 0, "activated == devices"]', 0],
    ['is missed', 'thresholds: [refused == 0, devices < 5]', 1],
    ['says nothing of the run', 'thresholds: [answered/lost > 0.5]', 2],
    ['takes more samples than there are', 'thresholds: [p99(connect) < 60s, max(connect) < 60s]', 2],
  ])(
    'whose threshold %s decides the exit code',
    async (_what, thresholds, code) => {
      const plan = written('thresholds.yaml', `cohorts: [{ count: 10, mode: regnwl }]\n${thresholds}\n`);
      const run = await fleet(plan);
      expect([run.code, run.report.activated]).toEqual([code, 10]);
    },
    LONG_MS,
  );

  test(
    'misses a percentile by however few samples, where its own figures can be believed',
    async () => {
      const plan = written('few.yaml', 'cohorts: [{ count: 10, mode: regnwl }]\nthresholds: [p99(connect) < 1us]\n');
      const { code, report } = await fleet(plan);
      // A machine with too much else to do withholds its times, and a threshold on what is withheld is not judged.
      expect([code, report.activated]).toEqual([report.validity.ok ? 1 : 2, 10]);
    },
    LONG_MS,
  );

  test(
    'ends by its stop condition, with everybody accounted for',
    async () => {
      const plan = written(
        'stop.yaml',
        'arrival: { shape: constant, rate: 1 }\ncohorts: [{ count: 50, mode: regnwl }]\nstop: { after: 1s }\n',
      );
      const { code, report } = await fleet(plan);
      expectBalanced(report);
      expect(code).toBe(1);
      expect(report).toMatchObject({ stopped: '1 s are over', outcomes: { 'aborted stop-condition': report.aborted } });
      expect(report.aborted).toBeGreaterThan(40);
    },
    LONG_MS,
  );

  const answering = (returnCode: number) => (socket: Socket) =>
    void socket.once('data', () => socket.write(mqtt.generate({ cmd: 'connack', returnCode, sessionPresent: false })));
  test.each<[string, (socket: Socket) => void, keyof FleetJson]>([
    ['failures', (socket) => socket.end(), 'failed'],
    ['refusals', answering(5), 'refused'],
    ['throttled', answering(3), 'refused'],
    [
      'lost',
      (socket) => void socket.once('data', () => socket.end(mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }))),
      'activated',
    ],
  ])(
    'ends early when %s reach what it stops at',
    async (condition, onSocket, counted) => {
      await withServer(onSocket, async (url) => {
        const plan = written(
          `stop-${condition}.yaml`,
          `arrival: { shape: constant, rate: 20 }\ncohorts: [{ mode: connect, count: 400 }]\nstop: { ${condition}: 3 }\n`,
        );
        const { code, report } = await fleet(plan, '--target', url);
        expectBalanced(report);
        // Twenty seconds of arrivals, of which it takes a fraction of one.
        expect([code, report.stopped, report.aborted > 300]).toEqual([1, `${condition} reached 3`, true]);
        expect(report[counted]).toBeGreaterThanOrEqual(3);
      });
    },
    LONG_MS,
  );

  test('that is wrong is refused with its line before anything is sent', async () => {
    const plan = written('wrong.yaml', 'cohorts:\n  - count: 10\n    reconect: { policy: fixed, delay: 1 }\n');
    const { code, stderr } = await muster(['fleet', plan, '--target', 'mqtt://127.0.0.1:1', '--mode', 'connect']);
    expect(code).toBe(64);
    expect(stderr).toMatch(/wrong\.yaml, line 3:5, cohorts\[0\]\.reconect: there is no such key.*did you mean reconnect\?/s);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('units that keep what they were issued', () => {
  test(
    'register once and connect ever after; the file is for its owner alone',
    async () => {
      await withStub([], async ({ target }) => {
        const file = at('units.json');
        const args = ['--devices', '20', '--target', target, '--flash', file];
        const first = await fleet(...args);
        expect([first.code, first.report.outcomes]).toEqual([
          0,
          { 'issued register mqtt': 10, 'issued regnwl mqtt': 10, accepted: 20, replied: 20 },
        ]);
        expect(first.stderr).toMatch(/units\.json holds the secrets of 20 devices/);
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(readdirSync(folder).filter((name) => name.startsWith('units.json.'))).toEqual([]);
        const second = await fleet(...args);
        expect([second.code, second.report.outcomes]).toEqual([0, { accepted: 20, replied: 20 }]);
        expect(second.report.digest).toBe(first.report.digest);
        // Five more than the file holds: they register.
        const third = await fleet(...args, '--devices', '25');
        expect(third.report.outcomes).toMatchObject({ accepted: 25, 'issued register mqtt': 3, 'issued regnwl mqtt': 2 });
        expect(Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { devices: object }).devices)).toHaveLength(25);
      });
    },
    LONG_MS,
  );

  test(
    'go on where a run was ended halfway, and the platform counts those that it had accepted',
    async () => {
      await withStub([], async ({ target }) => {
        const plan = written(
          'halfway.yaml',
          'arrival: { shape: constant, rate: 20 }\ncohorts: [{ mode: mixed, count: 60, think: 400ms }]\nstop: { after: 1500ms }\n',
        );
        const args = ['--target', target, '--flash', at('halfway.json')];
        const cut = await fleet(plan, ...args);
        // Some are called off between their registration and the end: those may have been activated all the same.
        expect([cut.code, cut.report.stopped, cut.report.aborted > 20]).toEqual([1, '1.5 s are over', true]);
        const { seed, namespace } = JSON.parse(readFileSync(at('halfway.json'), 'utf8')) as { seed: string; namespace: string };
        const whole = await fleet('--mode', 'mixed', '--devices', '60', '--seed', seed, '--namespace', namespace, ...args);
        expect([whole.code, whole.stderr]).toEqual([0, expect.not.stringMatching(/fresh --namespace/)]);
        expect(whole.report.activated).toBe(60);
      });
    },
    LONG_MS,
  );

  test(
    'are not counted at a platform that knew them before',
    async () => {
      await withStub([], async ({ target }) => {
        const args = ['--mode', 'regnwl', '--devices', '5', '--namespace', 'again', '--target', target];
        const [first, second] = [await fleet(...args), await fleet(...args)];
        expect([first.code, first.report.platform]).toEqual([0, { activated: 5 }]);
        expect([second.code, second.report.platform, second.report.activated]).toEqual([0, null, 5]);
      });
    },
    LONG_MS,
  );

  test('have their names printed for whoever adds them', async () => {
    const args = ['fleet', '--mode', 'mixed', '--devices', '6', '--print-names', '--product-key', 'a1Names', '--product-secret', 'hush'];
    const printed = await muster([...args, '--target', 'mqtts://127.0.0.1:1']);
    const names = printed.stdout.trim().split('\n');
    const [, namespace = ''] = /--seed 1 --namespace (\w+)/.exec(printed.stderr) ?? [];
    expect([printed.code, names.length, namespace.length]).toEqual([0, 3, 8]);
    expect(names.every((name) => name.startsWith(`m${namespace}-`))).toBe(true);
    const again = await muster([...args, '--target', 'mqtts://127.0.0.1:1', '--seed', '1', '--namespace', namespace]);
    expect(again.stdout).toBe(printed.stdout);
  });

  test('of a file that is none, or with a platform that forgets, is refused, and the file stays', async () => {
    const file = written('no-flash.json', '{"secret":"hush"}');
    const torn = await muster(['fleet', '--flash', file, '--target', 'mqtt://127.0.0.1:1', '--mode', 'connect']);
    expect([torn.code, torn.stderr.includes('hush')]).toEqual([64, false]);
    expect(torn.stderr).toMatch(/no-flash\.json is not a flash file/);
    expect(readFileSync(file, 'utf8')).toBe('{"secret":"hush"}');
    const stub = await muster(['fleet', '--flash', at('new.json')]);
    expect([stub.code, stub.stderr]).toEqual([64, expect.stringMatching(/--flash needs a platform that remembers/)]);
  });
});

describe('any broker', () => {
  test(
    'is loaded with units that have credentials already',
    async () => {
      const clients = new Set<string>();
      const onSocket = (socket: Socket): void => {
        const parser = mqtt.parser();
        parser.on('packet', (packet) => {
          if (packet.cmd !== 'connect') return;
          clients.add(`${packet.clientId} ${packet.username} ${String(packet.password)}`);
          socket.write(mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false }));
        });
        socket.on('data', (bytes) => void parser.parse(bytes));
      };
      await withServer(onSocket, async (url) => {
        for (const session of ['reference', 'lean']) {
          clients.clear();
          const { code, report } = await fleet('--devices', '50', '--mode', 'connect', '--target', url, '--session', session);
          expect([code, report.activated, report.platform, clients.size]).toEqual([0, 50, null, 50]);
          expect(report.outcomes).toEqual({ accepted: 50 });
        }
      });
    },
    LONG_MS,
  );

  const connack = mqtt.generate({ cmd: 'connack', returnCode: 0, sessionPresent: false });
  test.each<[string, (socket: Socket) => void, Partial<FleetJson>]>([
    ['closes at once', (socket) => socket.end(), { failed: 10 }],
    ['resets at once', (socket) => void socket.once('data', () => socket.resetAndDestroy()), { failed: 10 }],
    ['answers garbage', (socket) => void socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')), { failed: 10 }],
    ['answers half a packet and closes', (socket) => void socket.once('data', () => socket.end(connack.subarray(0, 3))), { failed: 10 }],
    ['stalls', () => undefined, { failed: 10 }],
    [
      'is at its limits',
      (socket) => void socket.once('data', () => socket.end(mqtt.generate({ cmd: 'connack', returnCode: 3, sessionPresent: false }))),
      { refused: 10 },
    ],
  ])(
    'that %s never keeps a run from its end and its report',
    async (_what, onSocket, account) => {
      await withServer(onSocket, async (url) => {
        const { code, report } = await fleet('--devices', '10', '--mode', 'connect', '--target', url);
        expectBalanced(report);
        expect([code, report]).toEqual([1, expect.objectContaining(account)]);
      });
    },
    LONG_MS,
  );

  test(
    'that is lost in mid-run is found again',
    async () => {
      let nth = 0;
      const flaky = (socket: Socket): void => {
        const drops = ++nth <= 12;
        socket.once('data', () => {
          socket.write(connack);
          if (drops && nth > 2) socket.end();
        });
      };
      await withServer(flaky, async (url) => {
        const plan = written(
          'back.yaml',
          'cohorts: [{ mode: connect, count: 10, reconnect: { policy: fixed, delay: 100ms } }]\nhold: 2s\n',
        );
        const { report } = await fleet(plan, '--target', url);
        expect(report.traffic.lost).toBeGreaterThan(5);
        expect(report.traffic.reconnected).toBe(report.traffic.lost);
      });
    },
    LONG_MS,
  );
});
