// Before a fleet over sockets starts: does this machine have the descriptors and the local ports that it will need? What it lacks is said
// with its remedy, before the first packet; a run that fails on its own machine's limits measures nothing.
import { execFileSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { EXIT, UserError } from '../kernel/errors.ts';
import { hostOf } from '../worker/transport/host.ts';
import { connectionsTo, decodeLoopback, portsIn, type PortRange } from './preflight-proc.ts';

/** What a run will ask of the machine. */
export interface Demand {
  /** Connections open at once, at most. */
  readonly connections: number;
  /** Connections of ours that closed in the last minute and still hold their port, at most: one a registration. */
  readonly closing: number;
  /** Where they go: ports are counted for each destination apart. */
  readonly destinations: readonly { readonly host: string; readonly port: number }[];
}

/** What the machine has; null where it does not say. */
export interface Supply {
  readonly descriptors: { readonly limit: number; readonly used: number } | null;
  readonly ports: { readonly range: PortRange; readonly reserved: number; readonly used: number; readonly loopback: boolean } | null;
}

export interface Shortfall {
  readonly reason: 'descriptors' | 'ports';
  readonly what: string;
  readonly remedy: string;
}

/** Where a URL names no port. */
const USUAL_PORTS: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };

/** How long a closed connection holds its port on Linux, seconds. */
export const TIME_WAIT_SECONDS = 60;

/** Descriptors that the command itself may open meanwhile: files, threads, the operator's connection. */
export const SPARE_DESCRIPTORS = 64;

/** What a machine lacks for a run; empty where it has enough, or does not say. */
export function shortfalls(demand: Demand, supply: Supply): Shortfall[] {
  const found: Shortfall[] = [];
  const { descriptors, ports } = supply;
  if (descriptors) {
    const needed = demand.connections + descriptors.used + SPARE_DESCRIPTORS;
    if (needed > descriptors.limit) {
      const most = Math.max(0, descriptors.limit - descriptors.used - SPARE_DESCRIPTORS);
      found.push({
        reason: 'descriptors',
        what: `${demand.connections} connections need ${needed} open files, and this process may have ${descriptors.limit}`,
        remedy: `raise the limit (ulimit -n ${needed}), or run at most ${most} devices at once`,
      });
    }
  }
  if (ports) {
    const { range, reserved, used, loopback } = ports;
    const free = Math.max(0, range.last - range.first + 1 - reserved - used);
    // Towards itself a machine takes ports again at once (tcp_tw_reuse = 2, what Linux comes with).
    const closing = loopback ? 0 : demand.closing;
    if (demand.connections + closing > free) {
      const behind = closing > 0 ? `, and ${closing} more wait for a minute after their registration` : '';
      found.push({
        reason: 'ports',
        what: `${demand.connections} connections to one address need as many local ports${behind}; ${free} of ${range.first}-${range.last} are free`,
        remedy: `widen net.ipv4.ip_local_port_range (sysctl), ${closing > 0 ? 'lower the rate, ' : ''}or run fewer devices from this machine`,
      });
    }
  }
  return found;
}

/** Refuses a run that does not fit this machine: a UserError that names every limit, exit 3. */
export async function requireRoom(demand: Demand): Promise<void> {
  const found = new Map<string, Shortfall>();
  for (const destination of demand.destinations) {
    for (const one of shortfalls(demand, await supplyOf(destination))) found.set(one.reason, one);
  }
  if (found.size === 0) return;
  const all = [...found.values()];
  throw new UserError(
    `this machine has no room for the run (local): ${all.map(({ what }) => what).join('; ')}`,
    all.map(({ remedy }) => remedy).join('; '),
    EXIT.unreachable,
  );
}

/** Hosts and ports of URLs such as `mqtts://host:8883`. */
export function destinationsOf(endpoints: Readonly<Record<string, string | undefined>>): Demand['destinations'] {
  return Object.entries(endpoints).flatMap(([kind, text]) => {
    if (text === undefined || !URL.canParse(text)) return [];
    const url = new URL(text);
    const host = hostOf(url);
    return host === undefined ? [] : [{ host, port: Number(url.port) || (USUAL_PORTS[kind] ?? 0) }];
  });
}

/** What this machine has towards a destination. */
export async function supplyOf({ host, port }: { readonly host: string; readonly port: number }): Promise<Supply> {
  const address = isIP(host)
    ? host
    : await lookup(host).then(
        (found) => found.address,
        () => undefined,
      );
  const range = portsIn(read('/proc/sys/net/ipv4/ip_local_port_range'));
  const tables = [read('/proc/self/net/tcp'), read('/proc/self/net/tcp6')].filter((text) => text !== undefined);
  const reserved = (read('/proc/sys/net/ipv4/ip_local_reserved_ports') ?? '').trim();
  const loopback = address !== undefined && decodeLoopback(address);
  return {
    descriptors: descriptorsOf(),
    ports: range && {
      range,
      reserved: reserved === '' ? 0 : reserved.split(',').reduce((sum, part) => sum + inRange(part, range), 0),
      used: tables.reduce((sum, text) => sum + connectionsTo(text, address, port, { waiting: !loopback }), 0),
      loopback,
    },
  };
}

/** How many ports of `8080` or `9000-9100` lie in a range. */
function inRange(part: string, { first, last }: PortRange): number {
  const [from = NaN, to = from] = part.split('-').map(Number);
  return Math.max(0, Math.min(to, last) - Math.max(from, first) + 1);
}

/** Of this process. */
export function descriptorsOf(): Supply['descriptors'] {
  const told = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits') ?? '')?.[1] ?? askShell();
  if (told === undefined) return null;
  let used = 0;
  try {
    used = readdirSync('/proc/self/fd').length;
  } catch {
    // Elsewhere than on Linux the few that are open at this point are within the spare ones.
  }
  return { limit: Number(told), used };
}

/** A child inherits our limit, and its shell knows how to ask; on Windows there is neither. */
function askShell(): string | undefined {
  try {
    return /^\d+$/m.exec(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[0];
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
