// Does a fleet offer what it is asked for? The built command against mosquitto, at several rates: arrivals a second that were achieved, and
// how late the scheduler was. By hand: `node tools/bench-rate.mjs`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { checkout } from './build.mjs';
import { withMosquitto } from './mosquitto.mjs';

/** Of arrivals, seconds. */
const LONG = 3;

/**
 * One run.
 * @param {{ rate: number, session?: string }} plan arrivals a second
 * @returns {Promise<Record<string, number> | undefined>} offered and achieved arrivals a second, devices that came online,
 *   the scheduler's p99 lag in milliseconds;
 *   undefined where mosquitto is not installed
 */
export function measureRate({ rate, session = 'lean' }) {
  return withMosquitto(async (url, folder) => {
    const plan = join(folder, 'plan.yaml');
    writeFileSync(
      plan,
      `arrival: { shape: constant, rate: ${rate} }\ncohorts: [{ mode: connect, count: ${rate * LONG} }]\nthresholds: ['p99(lag) < 50ms', 'activated == devices']\n`,
    );
    const child = spawn(
      process.execPath,
      [join(checkout, 'bin/muster.mjs'), 'fleet', plan, '--target', url, '--session', session, '--json', '-'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const exited = once(child, 'exit');
    const printed = await text(child.stdout);
    await exited;
    /** @type {unknown} */
    const parsed = JSON.parse(printed);
    const report =
      /** @type {{ activated: number, rate: { offered: number, achieved: number }, thresholds: { actual: number | null }[] }} */ (parsed);
    const { offered, achieved } = report.rate;
    return {
      offered,
      achieved,
      percentAchieved: (100 * achieved) / offered,
      percentActivated: (100 * report.activated) / (rate * LONG),
      lagP99Ms: report.thresholds[0]?.actual ?? NaN,
    };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const rate of [500, 1000, 2000, 4000]) console.log(rate, JSON.stringify(await measureRate({ rate }).catch(String)));
}
