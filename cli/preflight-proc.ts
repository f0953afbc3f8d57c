// What Linux writes under /proc about ports and connections, read (proc(5)). Pure.
import { BlockList, isIP } from 'node:net';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** State of a connection that is closed and still holds its port (include/net/tcp_states.h). */
const TIME_WAIT = '06';
const LISTEN = '0A';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Is an address of this machine's own loopback? */
export function decodeLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** `32768\t60999`; null where it is not that. */
export function portsIn(text: string | undefined): PortRange | null {
  const found = /^(\d+)\s+(\d+)\s*$/.exec(text ?? '');
  return found ? { first: Number(found[1]), last: Number(found[2]) } : null;
}

/**
 * Connections of a table (/proc/net/tcp, tcp6) towards a destination.
 * @param address literal; undefined counts connections to any address with that port
 * @param options `waiting`: also those that are closed and hold their port
 */
export function connectionsTo(table: string, address: string | undefined, port: number, options: { readonly waiting: boolean }): number {
  const wanted = address === undefined ? undefined : hexOf(address);
  let count = 0;
  for (const line of table.split('\n')) {
    const [, , remote = '', state = ''] = line.trim().split(/\s+/);
    const [hex = '', hexPort = ''] = remote.split(':');
    if (!/^[0-9A-F]{4}$/.test(hexPort) || parseInt(hexPort, 16) !== port || state === LISTEN) continue;
    if (state === TIME_WAIT && !options.waiting) continue;
    if (wanted === undefined || hex === wanted || hex === mapped(wanted)) count += 1;
  }
  return count;
}

/** An IPv4 address as the tables write it: bytes of each word in the order of the machine (little). Undefined: IPv6, counted by port alone. */
function hexOf(address: string): string | undefined {
  if (isIP(address) !== 4) return undefined;
  return address
    .split('.')
    .reverse()
    .map((byte) => Number(byte).toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}

/** The same address in the table of IPv6. */
const mapped = (hex: string): string => `0000000000000000FFFF0000${hex}`;
