// A peer: tsung, an Erlang load generator, which connects as many MQTT clients and leaves them idle. It is measured from outside, by /proc.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Broker } from './broker.bench.ts';

export interface PeerFigures {
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

/** Arrivals a second. */
const RATE = 500;
/** Clients that come before anything is counted: what of CPU and memory belongs to none of them. */
const FIRST = 500;
const TICK_MICROS = 10_000;

/** Sessions that connect and then think for longer than the bench lasts. */
function planOf(url: URL, devices: number): string {
  return `<?xml version="1.0"?><!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="error" version="1.0">
<clients><client host="localhost" use_controller_vm="true" maxusers="60000"/></clients>
<servers><server host="${url.hostname}" port="${url.port}" type="tcp"/></servers>
<load><arrivalphase phase="1" duration="${(2 * devices) / RATE}" unit="second"><users maxnumber="${devices}" arrivalrate="${RATE}" unit="second"/></arrivalphase></load>
<sessions><session name="idle" probability="100" type="ts_mqtt">
<request><mqtt type="connect" clean_start="true" keepalive="1200"/></request><thinktime value="600" random="false"/>
</session></sessions></tsung>
`;
}

/** Processes of a group: CPU since they began, resident memory. */
function usageOf(group: number): { micros: number; bytes: number } {
  let [micros, bytes] = [0, 0];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      if (Number(stat[2]) !== group) continue;
      micros += (Number(stat[11]) + Number(stat[12])) * TICK_MICROS;
      bytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // It ended meanwhile.
    }
  }
  return { micros, bytes };
}

/** @returns undefined where tsung is not installed, or did not bring all of them online */
export async function measureTsung(broker: Broker, url: string, devices: number): Promise<PeerFigures | undefined> {
  // Those who were measured before have gone, but the broker may not have heard of it.
  while (broker.connections() > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  const folder = mkdtempSync(join(tmpdir(), 'muster-tsung-'));
  const plan = join(folder, 'plan.xml');
  writeFileSync(plan, planOf(new URL(url), devices));
  const tsung = spawn('tsung', ['-f', plan, '-l', folder, '-n', 'start'], { stdio: 'ignore', detached: true });
  const ended = Promise.race([once(tsung, 'exit'), once(tsung, 'error')]).then(() => 'ended' as const);
  const reached = async (count: number): Promise<boolean> => {
    for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 100) {
      if (broker.connections() >= count) return true;
      if ((await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))])) === 'ended') return false;
    }
    return false;
  };
  const group = tsung.pid;
  try {
    if (group === undefined || !(await reached(FIRST / 2))) return undefined;
    const [before, already] = [usageOf(group), broker.connections()];
    if (!(await reached(devices))) return undefined;
    const [after, counted] = [usageOf(group), broker.connections() - already];
    return { cpuMicros: (after.micros - before.micros) / counted, residentBytes: (after.bytes - before.bytes) / counted };
  } finally {
    if (group !== undefined) {
      try {
        process.kill(-group, 'SIGKILL');
      } catch {
        // All of it has gone.
      }
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
