// The stub when something is wrong: a full disk, a state that contradicts the config, addresses and ports that cannot be, signals in a hurry.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMAND, muster, withStub, type Ready } from './command.ts';

const dir = mkdtempSync(join(tmpdir(), 'muster-trouble-'));
afterAll(() => rmSync(dir, { recursive: true }));

const config = (name: string, text: string): string => {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
};
const PRODUCT = '{ productKey: a1Muster0001, productSecret: ps0123456789abcd, devices: [unit-0001] }';

async function operate({ target }: Pick<Ready, 'target'>, command: object): Promise<Record<string, unknown>> {
  const { administrator } = parse(readFileSync(target, 'utf8')) as { administrator: { url: string; tokenFile: string } };
  const response = await fetch(administrator.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${readFileSync(administrator.tokenFile, 'utf8')}` },
    body: JSON.stringify(command),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** A stub under `sh`, with what it says first. */
async function underShell(
  script: string,
  args: readonly string[],
): Promise<{ ready: Ready; kill(signal: NodeJS.Signals): void; ended: Promise<string> }> {
  const child = spawn('sh', ['-c', `${script} exec "$0" "$@"`, process.execPath, COMMAND, 'stub', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: dir },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => `${String(code)} ${String(signal)} ${stderr}`);
  const line = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  return { ready: JSON.parse(String(line.value)) as Ready, kill: (signal) => child.kill(signal), ended };
}

describe('a state directory', () => {
  it('keeps the last whole state when the disk is full, and the user is told', async () => {
    const state = join(dir, 'full');
    await withStub(['--state', state], async (ready) => {
      await operate(ready, { action: 'AddDevice', productKey: 'a1Muster0001', deviceName: 'unit-0001' });
    });
    const before = readFileSync(join(state, 'state.json'), 'utf8');
    const stub = await underShell('trap "" XFSZ; ulimit -f 24;', ['--state', state]);
    const deviceNames = Array.from({ length: 200 }, (_, i) => `meter-${String(i).padStart(4, '0')}`);
    await operate(stub.ready, { action: 'AddDevices', productKey: 'a1Muster0001', deviceNames });
    stub.kill('SIGTERM');
    expect(await stub.ended).toMatch(/^3 null .*state could not be written to .*state\.json/s);
    const after = JSON.parse(readFileSync(join(state, 'state.json'), 'utf8')) as { products: { devices: object[] }[] };
    expect(after.products[0]?.devices).toEqual((JSON.parse(before) as typeof after).products[0]?.devices);
    expect(readdirSync(state).filter((name) => name.endsWith('.new') || name === 'lock')).toEqual([]);
  }, 30_000);

  it('wins over the config: what was deleted stays so, and a secret that was kept counts, which is said', async () => {
    const state = join(dir, 'wins');
    const both = config(
      'both.yaml',
      `products: [${PRODUCT}, { productKey: a1Other, productSecret: other0secret, devices: [unit-0002] }]\n`,
    );
    await withStub(['--state', state, '--config', both], async (ready) => {
      await operate(ready, { action: 'DeleteDevice', productKey: 'a1Other', deviceName: 'unit-0002' });
      expect(await operate(ready, { action: 'DeleteProduct', productKey: 'a1Other' })).toMatchObject({ ok: true });
    });
    const changed = config('changed.yaml', readFileSync(both, 'utf8').replace('ps0123456789abcd', 'another0secret'));
    const stub = await underShell('', ['--state', state, '--config', changed]);
    expect(await operate(stub.ready, { action: 'QueryProducts' })).toMatchObject({ products: [{ productKey: 'a1Muster0001' }] });
    const { product } = parse(readFileSync(stub.ready.target, 'utf8')) as { product: { secretFile: string } };
    expect(readFileSync(product.secretFile, 'utf8')).toBe('ps0123456789abcd');
    stub.kill('SIGTERM');
    expect(await stub.ended).toBe(
      `0 null Product a1Muster0001 has another ProductSecret in ${state} than in the config; the one that was kept counts.\n`,
    );
  }, 30_000);

  it('is not made by asking for its authority', async () => {
    const { code, stderr } = await muster(['stub', 'ca', '--state', join(dir, 'typo')]);
    expect([code, stderr.trimEnd().includes('\n'), existsSync(join(dir, 'typo'))]).toEqual([3, false, false]);
    expect(stderr).toContain('holds no authority yet');
  });
});

describe('addresses and ports', () => {
  it('the operator API moves with --operator-host, target file and Host check with it, and the user is warned', async () => {
    const stub = await underShell('', ['--operator-host', '127.0.0.2']);
    const { administrator } = parse(readFileSync(stub.ready.target, 'utf8')) as { administrator: { url: string } };
    expect(new URL(administrator.url).hostname).toBe('127.0.0.2');
    expect(await operate(stub.ready, { action: 'QueryProducts' })).toMatchObject({ ok: true });
    stub.kill('SIGTERM');
    expect(await stub.ended).toMatch(/^0 null The operator and cloud API listen on 127\.0\.0\.2, unencrypted/);
  }, 20_000);

  it.each([
    [['--host', ''], 64, '--host is empty'],
    [['--operator-host', ''], 64, '--operator-host is empty'],
    [['--operator-host', '203.0.113.9'], 3, 'give --operator-host an address of this machine'],
  ])('refuses %j', async (args, code, says) => {
    const ended = await muster(['stub', '--json', ...args]);
    expect([ended.code, ended.stdout, ended.stderr.trimEnd().includes('\n')]).toEqual([code, '', false]);
    expect(ended.stderr).toContain(says);
  });

  it('one port for two listeners is named as such, also where one of them is a default', async () => {
    const file = config('ports.yaml', `products: [${PRODUCT}]\nports: { mqtt: 8883 }\n`);
    const { code, stderr } = await muster(['stub', '--config', file]);
    expect([code, stderr]).toEqual([64, 'muster: port 8883 is to be both mqtt and mqtts; give one of them another in the config file\n']);
  });
});

describe('signals', () => {
  it.each([2, 150])(
    'two of them, %i ms apart, leave nothing behind and lose nothing',
    async (apartMs) => {
      const state = join(dir, `signals-${apartMs}`);
      const stub = await underShell('', ['--state', state]);
      await operate(stub.ready, { action: 'AddDevice', productKey: 'a1Muster0001', deviceName: 'unit-0007' });
      stub.kill('SIGINT');
      setTimeout(() => stub.kill('SIGINT'), apartMs);
      // The second may find a process that has done everything and is leaving: to a shell both are 130.
      expect(await stub.ended).toMatch(/^(?:130 null|null SIGINT) $/);
      expect(readFileSync(join(state, 'state.json'), 'utf8')).toContain('unit-0007');
      expect(existsSync(join(state, 'lock'))).toBe(false);
      expect(readdirSync(dir).filter((name) => name.startsWith('muster-stub-'))).toEqual([]);
    },
    20_000,
  );
});
