// How long `muster verify platform` takes on the embedded stub, as a user waits for it: the built command, from its start to its exit.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { checkout } from './build.mjs';

/**
 * One run of the suite.
 * @param {{ readonly cases?: string }} [options] only the cases that match this glob, for a smoke run
 * @returns {Promise<Record<string, number>>} `suiteSeconds`, `cases`
 */
export async function measureSuite({ cases } = {}) {
  const only = cases === undefined ? [] : ['--case', cases];
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(checkout, 'bin/muster.mjs'), 'verify', 'platform', '--json', '-', ...only], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const printed = await text(child.stdout);
  await exited;
  const suiteSeconds = (performance.now() - startedAt) / 1000;
  if (child.exitCode !== 0) throw new Error(`the suite on the embedded stub ended with ${child.exitCode ?? 'a signal'}`);
  /** @type {unknown} */
  const parsed = JSON.parse(printed);
  const report = /** @type {{ readonly cases: readonly unknown[] }} */ (parsed);
  return { suiteSeconds, cases: report.cases.length };
}
