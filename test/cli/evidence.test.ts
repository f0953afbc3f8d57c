// What a run hands out: the contract of its JSON, the same evidence from the same seed, and not one secret.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet';
import { afterAll, describe, expect, test } from 'vitest';
import { ALPHANUMERIC, LOWER_HEX, seededRandom } from '../../kernel/random.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import { EXIT, Sandbox, type Ended } from './process.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox.close());

describe('the report of a fleet', () => {
  const PHASES = ['connect', 'post', 'register'];
  const KEYS = [
    'aborted',
    'activated',
    'devices',
    'failed',
    'latencyMs',
    'local',
    'namespace',
    'outcomes',
    'rate',
    'refused',
    'seed',
    'serviceMs',
  ];

  test.each<[string, (ready: { target: string; wss: number; ca: string }) => string[]]>([
    ['through a target file', ({ target }) => ['--target', target]],
    ['over WSS, its ProductKey from the stub', ({ wss, ca }) => ['--target', `wss://127.0.0.1:${wss}/mqtt`, '--ca', ca]],
  ])('has the keys of the contract in every mode, %s', async (_how, where) => {
    await sandbox.withStub([], async (ready) => {
      const seen = new Set<unknown>();
      for (const mode of ['mixed', 'register', 'regnwl']) {
        const { code, stdout, stderr } = await sandbox.run(['fleet', '--devices', '30', '--mode', mode, '--json', '-', ...where(ready)], {
          env: { MUSTER_PRODUCT_SECRET: 'ps0123456789abcd' },
        });
        expect(code).toBe(EXIT.asked);
        const report = JSON.parse(stdout) as Record<string, Record<string, unknown>>;
        expect(Object.keys(report)).toEqual(expect.arrayContaining([...KEYS, 'validity', 'version']));
        for (const kind of ['latencyMs', 'serviceMs'] as const) expect(Object.keys(report[kind] ?? {}).sort()).toEqual(PHASES);
        expect(report).toMatchObject({ devices: 30, activated: 30, platform: { activated: 30 }, measures: 'target' });
        expect(report['rate']).toMatchObject({ offered: 500, achieved: expect.any(Number) as number });
        expect(report['validity']).toMatchObject({ ok: expect.any(Boolean) as boolean, reasons: expect.any(Array) as string[] });
        seen.add(report['namespace']);
        expect(stdout + stderr).not.toContain('ps0123456789abcd');
      }
      expect(seen.size).toBe(3);
    });
  });
});

interface Line {
  readonly kind: string;
  readonly events?: readonly { readonly kind: string; readonly conn: number; readonly dir: string; readonly hex: string }[];
}

describe('a suite', () => {
  const runs: Record<string, Ended & { report: string; transcript: string }> = {};
  const run = async (name: string, ...args: string[]): Promise<(typeof runs)[string]> => {
    const out = sandbox.at(name);
    const ended = await sandbox.run(['verify', 'platform', '--jobs', '1', '--out', out, ...args]);
    return (runs[name] = {
      ...ended,
      report: readFileSync(`${out}/report.json`, 'utf8'),
      transcript: readFileSync(`${out}/transcript.jsonl`, 'utf8'),
    });
  };

  // That the same seed writes the same: test/command/verify.test.ts.
  test('has steps for every case, a class and a verdict for every rule; prints the table without colours where no terminal is', async () => {
    const one = await run('one');
    // eslint-disable-next-line no-control-regex
    expect(one.stdout + one.stderr).not.toMatch(/\u001b/);
    const report = JSON.parse(one.report) as { notCovered: { id: string }[]; cases: { steps: object[] }[]; rules: object[] };
    expect(one.stdout).toContain('Not covered by this version:');
    for (const { id } of report.notCovered) expect(one.stdout).toContain(`  ${id} (`);
    for (const each of report.cases) expect(each.steps.length).toBeGreaterThan(0);
    for (const rule of report.rules) expect(Object.keys(rule)).toEqual(expect.arrayContaining(['id', 'class', 'verdict']));
  });

  test('lists its cases and mutants', async () => {
    for (const direction of ['platform', 'firmware'] as const) {
      const ids = CASES.filter((one) => one.direction === direction).map((one) => one.id);
      expect((await sandbox.run(['verify', direction, '--case', 'list'])).stdout).toBe(`${ids.join('\n')}\n`);
      expect((await sandbox.run(['verify', direction, '--mutant', 'list'])).stdout).toMatch(/^(\S+\n)+$/);
    }
  });

  test('hands out no ProductSecret and no signature made with one', async () => {
    const { transcript, report, stdout, stderr } = runs['one'] ?? (await run('one'));
    const secrets = CASES.map((one) => productOf(one.id));
    const all = [transcript, report, stdout, stderr].join('\n');
    for (const { productSecret } of secrets) {
      expect(all).not.toContain(productSecret);
      expect(all).not.toContain(Buffer.from(productSecret).toString('hex'));
    }
    // Thousands of units in a crowd sign as the few elsewhere do; looking for each of their signatures would take minutes.
    const few = transcript
      .split('\n')
      .filter((line) => !line.includes('"case":"platform/scale/'))
      .join('\n');
    const shown = [few, stdout, stderr].join('\n').toLowerCase();
    let signed = 0;
    for (const connect of connectsIn(few)) {
      const { deviceName, productKey, random } = partsOf(connect);
      const product = secrets.find((one) => one.productKey === productKey);
      if (!product || random === undefined) continue;
      // What the device must have sent, worked out here by Node's own HMAC.
      const real = createHmac('sha256', product.productSecret)
        .update(`deviceName${deviceName}productKey${productKey}random${random}`)
        .digest('hex');
      const stored = String(connect.password);
      expect(shown.includes(Buffer.from(real).toString('hex'))).toBe(false);
      expect(shown.includes(real)).toBe(false);
      // Some cases send another password on purpose, or one that is too short.
      if (stored.length === real.length) signed++;
    }
    expect(signed).toBeGreaterThan(20);
  });

  test('hands out no DeviceSecret and no DeviceToken: what its packets carry opens no door', async () => {
    await sandbox.withStub([], async ({ target, mqtts, ca }) => {
      for (const id of ['nwl/five-units', 'registration/register-connect']) {
        const out = sandbox.at('remote', id);
        const { code } = await sandbox.run(['verify', 'platform', '--target', target, '--case', `platform/${id}`, '--out', out]);
        expect(code).toBe(EXIT.asked);
        const transcript = readFileSync(`${out}/transcript.jsonl`, 'utf8');
        // Who can read the evidence tries to log in with it. (The units themselves did, with the real ones: the case passed.)
        const logins = connectsIn(transcript).filter((connect) => !/authType=(register|regnwl),/.test(connect.clientId));
        expect(logins.length).toBeGreaterThan(1);
        for (const login of logins) expect(await connackOf(login, mqtts, readFileSync(ca, 'utf8'))).toBeGreaterThan(0);
      }
    });
  });
});

test('a ProductSecret on the command line works and is warned about', async () => {
  await sandbox.withStub([], async ({ mqtts, ca }) => {
    const { code, stdout, stderr } = await sandbox.run([
      ...[
        'fleet',
        '--devices',
        '2',
        '--target',
        `mqtts://localhost:${mqtts}`,
        '--ca',
        ca,
        '--product-secret',
        'ps0123456789abcd',
        '--json',
        '-',
      ],
    ]);
    expect(code).toBe(EXIT.asked);
    expect(stderr).toContain('visible to other users');
    expect(stdout + stderr).not.toContain('ps0123456789abcd');
  });
});

test('every command explains itself', async () => {
  mkdirSync(sandbox.at('nothing'));
  writeFileSync(sandbox.at('nothing', 'x'), '');
  for (const words of [[], ['serve'], ['fleet'], ['stub'], ['verify'], ['verify', 'platform'], ['verify', 'firmware']]) {
    const { code, stdout, stderr } = await sandbox.run([...words, '--help'], { cwd: sandbox.at('nothing') });
    expect({ code, stderr }).toEqual({ code: EXIT.asked, stderr: '' });
    expect(stdout).toContain(`Usage: ${['muster', ...words].join(' ')}`);
    if (words.length > 0 && words.join() !== 'verify') expect(stdout).toMatch(/Examples:\n +\$ muster/);
  }
});

/** The product that the operator of the embedded stub makes for a case (seed 1, namespace 0). */
function productOf(label: string): { productKey: string; productSecret: string } {
  const draw = seededRandom('product', '1', '0', label);
  const productKey = `a1${draw.text(8, ALPHANUMERIC)}`;
  return { productKey, productSecret: draw.text(16, LOWER_HEX) };
}

function packetsIn(transcript: string): Packet[] {
  const packets: Packet[] = [];
  for (const line of transcript.trim().split('\n')) {
    const readers = new Map<string, ReturnType<typeof parser>>();
    for (const event of (JSON.parse(line) as Line).events ?? []) {
      if (event.kind !== 'packet') continue;
      const key = `${event.conn} ${event.dir}`;
      let reader = readers.get(key);
      if (!reader) {
        reader = parser({ protocolVersion: 4 });
        reader.on('packet', (packet: Packet) => packets.push(packet));
        // Some cases send packets that are malformed on purpose.
        reader.on('error', () => readers.delete(key));
        readers.set(key, reader);
      }
      reader.parse(Buffer.from(event.hex, 'hex'));
    }
  }
  return packets;
}

function connectsIn(transcript: string): IConnectPacket[] {
  return packetsIn(transcript).filter((packet): packet is IConnectPacket => packet.cmd === 'connect');
}

/** The return code that a platform answers this CONNECT with. */
async function connackOf(connect: IConnectPacket, port: number, ca: string): Promise<number> {
  const socket = connectTls({ port, host: '127.0.0.1', ca });
  try {
    await once(socket, 'secureConnect');
    const reader = parser({ protocolVersion: 4 });
    const answer = once(reader, 'packet') as Promise<[Packet & { returnCode?: number }]>;
    socket.on('data', (bytes: Buffer) => reader.parse(bytes));
    socket.write(generate(connect));
    const [packet] = await answer;
    expect(packet.cmd).toBe('connack');
    return packet.returnCode ?? 0;
  } finally {
    socket.destroy();
  }
}

/** `NAME&PRODUCT` and the `random` of an identifier. */
function partsOf(connect: IConnectPacket): { deviceName: string; productKey: string; random: string | undefined } {
  const [deviceName = '', productKey = ''] = (connect.username ?? '').split('&');
  return { deviceName, productKey, random: /[|,]random=([^,|]+)/.exec(connect.clientId)?.[1] };
}
