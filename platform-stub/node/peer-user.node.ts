// Which user of this machine is at the other end of a loopback connection? Linux keeps a list; elsewhere nobody can tell.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { codeOf } from '../../kernel/errors.ts';

/** `0100007F:1F90`: an IPv4 address as the kernel lists it, and a port. */
function listed(address: string, port: number): string {
  const bytes = address.split('.').map(Number).reverse();
  const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
  return `${bytes.map((byte) => hex(byte, 2)).join('')}:${hex(port, 4)}`;
}

/** User id of the client of an IPv4 loopback connection; undefined where it cannot be known. */
export function userOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  if (!remoteAddress || !localAddress || !remotePort || !localPort || !/^\d+\./.test(remoteAddress)) return undefined;
  let table: string;
  try {
    table = readFileSync('/proc/net/tcp', 'utf8');
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
  const [own, other] = [listed(remoteAddress, remotePort), listed(localAddress, localPort)];
  for (const line of table.split('\n')) {
    const [, local, remote, , , , , uid] = line.trim().split(/\s+/);
    if (local === own && remote === other) return Number(uid);
  }
  return undefined;
}

/** Is it somebody else's program? Unknown counts as ours. */
export function isForeignUser(socket: Socket): boolean {
  const [uid, own] = [userOfPeer(socket), process.getuid?.()];
  return uid !== undefined && own !== undefined && uid !== own && uid !== 0;
}
