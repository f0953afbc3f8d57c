// A stub in a process of its own, as a user's platform that the page reaches over WSS.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startCommand } from './fixtures.ts';

export const PRODUCT = { productKey: 'a1BrowserTest', productSecret: 'ps0123456789abcd' };

export interface Stub {
  /** Of its WSS end. */
  readonly port: number;
  /** What its operator asks for. */
  operate(command: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  /** Devices that are online, by the platform's own count. */
  online(): Promise<number>;
  stop(): Promise<void>;
}

/** A stub that knows these names. */
export async function stubWith(names: readonly string[]): Promise<Stub> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-browser-'));
  const config = join(folder, 'stub.json');
  await writeFile(config, JSON.stringify({ products: [{ ...PRODUCT, dynamicRegistration: true, devices: names }] }));
  const { line, stop } = await startCommand(['stub', '--json', '--config', config]);
  const { wss, api, target } = JSON.parse(line) as { wss: number; api: number; target: string };
  const token = await readFile(join(dirname(target), 'operator-token'), 'utf8');
  const operate: Stub['operate'] = async (command) => {
    const response = await fetch(`http://127.0.0.1:${api}/operator`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(command),
    });
    return (await response.json()) as Readonly<Record<string, unknown>>;
  };
  return {
    port: wss,
    operate,
    async online() {
      const { statistics } = await operate({ action: 'QueryDeviceStatistics', productKey: PRODUCT.productKey });
      return (statistics as { onlineCount: number }).onlineCount;
    },
    async stop() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
