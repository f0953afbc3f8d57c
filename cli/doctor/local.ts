// What this machine can do: open files and ports that devices of a run will need.
import { readFileSync } from 'node:fs';
import { ok, unknown, warning, type Examination } from './examination.ts';

/** Files that a process needs besides a socket for each device. */
const SPARE_FILES = 100;

/** Looks at the limits of this process; on systems other than Linux they are not known. */
export function examineLocal(devices: number): Examination[] {
  return [descriptors(devices), ports(devices)];
}

function descriptors(devices: number): Examination {
  const what = 'open files';
  const limit = /^Max open files\s+(\S+)/m.exec(read('/proc/self/limits'))?.[1];
  if (limit === undefined) return unknown(what, 'this system does not tell its limit');
  if (limit === 'unlimited') return ok(what, 'no limit');
  return Number(limit) < devices + SPARE_FILES
    ? warning(what, `${limit} at most: too few for ${devices} devices at once`, 'raise it: ulimit -n')
    : ok(what, `${limit} at most`);
}

function ports(devices: number): Examination {
  const what = 'local ports';
  const [from, to] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  if (from === undefined || to === undefined) return unknown(what, 'this system does not tell its range');
  const count = to - from + 1;
  return count < devices
    ? warning(what, `${count} for connections to one address: too few for ${devices} devices`, 'raise net.ipv4.ip_local_port_range')
    : ok(what, `${count} for connections to one address`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
