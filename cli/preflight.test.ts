import { describe, expect, it } from 'vitest';
import { destinationsOf, requireRoom, shortfalls, supplyOf, type Supply } from './preflight.ts';
import { connectionsTo, decodeLoopback, portsIn } from './preflight-proc.ts';

const AMPLE: Supply = {
  descriptors: { limit: 20_000, used: 20 },
  ports: { range: { first: 32_768, last: 60_999 }, reserved: 0, used: 0, loopback: false },
};
const demand = (connections: number, closing = 0): { connections: number; closing: number; destinations: [] } => ({
  connections,
  closing,
  destinations: [],
});

describe('preflight', () => {
  it('lets a run pass that fits, to the last one', () => {
    expect(shortfalls(demand(19_916), AMPLE)).toEqual([]);
    expect(shortfalls(demand(19_917), AMPLE).map(({ reason }) => reason)).toEqual(['descriptors']);
  });

  it('names the limit, how much is needed, and what to do', () => {
    const [found] = shortfalls(demand(30_000), { ...AMPLE, ports: null });
    expect(found?.what).toBe('30000 connections need 30084 open files, and this process may have 20000');
    expect(found?.remedy).toBe('raise the limit (ulimit -n 30084), or run at most 19916 devices at once');
  });

  it('counts ports that wait after a registration, except towards this machine itself', () => {
    const roomy = { ...AMPLE, descriptors: null };
    expect(shortfalls(demand(15_000, 13_232), roomy)).toEqual([]);
    const [found] = shortfalls(demand(15_000, 13_233), roomy);
    expect(found?.reason).toBe('ports');
    expect(found?.what).toMatch(/13233 more wait.*28232 of 32768-60999 are free/);
    expect(found?.remedy).toMatch(/ip_local_port_range.*lower the rate/);
    expect(shortfalls(demand(15_000, 15_000), { ...roomy, ports: { ...roomy.ports!, loopback: true } })).toEqual([]);
    expect(shortfalls(demand(28_232), { ...roomy, ports: { ...roomy.ports!, used: 1 } })).toHaveLength(1);
    expect(shortfalls(demand(28_232), { ...roomy, ports: { ...roomy.ports!, reserved: 1 } })).toHaveLength(1);
  });

  it('judges nothing where the machine does not say', () => {
    expect(shortfalls(demand(1_000_000), { descriptors: null, ports: null })).toEqual([]);
  });

  it('refuses a run that this machine has no room for, with exit 3', async () => {
    const supply = await supplyOf({ host: '127.0.0.1', port: 1 });
    if (!supply.descriptors) return;
    const destinations = [{ host: '127.0.0.1', port: 1 }];
    await expect(requireRoom({ connections: 1, closing: 0, destinations })).resolves.toBeUndefined();
    await expect(requireRoom({ connections: 100_000_000, closing: 0, destinations })).rejects.toMatchObject({
      exit: 3,
      message: expect.stringMatching(/no room.*open files/) as string,
      remedy: expect.stringMatching(/ulimit -n/) as string,
    });
  });
});

describe('what Linux tells', () => {
  it('the range of ports', () => {
    expect(portsIn('32768\t60999\n')).toEqual({ first: 32_768, last: 60_999 });
    expect(portsIn('nonsense')).toBeNull();
    expect(portsIn(undefined)).toBeNull();
  });

  // As the kernel writes it: two connections to 127.0.0.1:8883 (one over IPv6's table), one waiting, one elsewhere, a listener.
  const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:22B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:97F6 0100007F:22B3 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:97F8 0100007F:22B3 06 00000000:00000000 03:000002F1 00000000     0        0 0 3 0
   3: 0100007F:97FA 0200007F:22B3 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   4: 0000000000000000FFFF00000100007F:97FC 0000000000000000FFFF00000100007F:22B3 01 00000000:00000000 00:00000000 00000000 0 0 4 1 0
`;

  it('connections to a destination', () => {
    expect(connectionsTo(TABLE, '127.0.0.1', 8883, { waiting: false })).toBe(2);
    expect(connectionsTo(TABLE, '127.0.0.1', 8883, { waiting: true })).toBe(3);
    expect(connectionsTo(TABLE, '127.0.0.2', 8883, { waiting: true })).toBe(1);
    expect(connectionsTo(TABLE, undefined, 8883, { waiting: true })).toBe(4);
    expect(connectionsTo(TABLE, '127.0.0.1', 1883, { waiting: true })).toBe(0);
    expect(connectionsTo('', '127.0.0.1', 1883, { waiting: true })).toBe(0);
  });

  it('loopback and URLs', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '2001:db8::1', 'name'].map(decodeLoopback)).toEqual([
      ...[true, true, true, false, false, false],
    ]);
    expect(destinationsOf({ mqtts: 'mqtts://h:9', wss: 'wss://[::1]/mqtt', ws: undefined, mqtt: 'nonsense' })).toEqual([
      { host: 'h', port: 9 },
      { host: '::1', port: 443 },
    ]);
    expect(destinationsOf({ mqtts: 'mqtts://bücher.example', mqtt: 'mqtt:///path' })).toEqual([
      { host: 'xn--bcher-kva.example', port: 8883 },
    ]);
  });
});
