// `npm run bench [-- --smoke] [-- --json FILE]`: figures of this machine, measured several times after a warm-up, every sample kept.
// They are for comparing two states of the code on one machine in one sitting; nothing here passes or fails on them.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { buildIfOlder, checkout } from './build.mjs';
import { measureDirect, measurePage, measureRelay, measureRelayTcp, measureSuiteInPage } from './bench-page.mjs';
import { measureRate } from './bench-rate.mjs';
import { measureSuite } from './bench-suite.mjs';

const smoke = process.argv.includes('--smoke');
const jsonAt = process.argv.indexOf('--json');
const jsonFile = jsonAt >= 0 ? process.argv[jsonAt + 1] : undefined;

/** Counted runs after one that is not; a smoke run only shows that the bench still works. */
const RUNS = smoke ? 1 : 5;
const DEVICES = smoke ? 200 : 2000;
/** Of what takes long. */
const FEW = smoke ? 1 : 3;
const many = smoke ? 100 : 5000;

/** @typedef {Record<string, number>} Sample */

/**
 * Runs one of the bench programs, which prints its figures.
 * @param {string} name
 * @returns {Sample}
 */
function sampleOf(name) {
  const program = join(checkout, `node_modules/.cache/muster-bench/${name}.js`);
  const child = spawnSync(process.execPath, ['--expose-gc', program, String(DEVICES)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`the bench ${name} ended with ${child.status}`);
  /** @type {unknown} */
  const sample = JSON.parse(child.stdout);
  return /** @type {Sample} */ (sample);
}

/** @param {readonly number[]} values */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const at = (/** @type {number} */ i) => sorted[i] ?? NaN;
  return { min: at(0), median: sorted.length % 2 ? at(middle) : (at(middle - 1) + at(middle)) / 2, max: at(sorted.length - 1) };
}

/**
 * @param {string} name
 * @param {() => Sample | Promise<Sample>} take
 * @param {number} [runs] counted ones
 */
async function series(name, take, runs = RUNS) {
  console.error(`bench: ${name}, ${smoke ? 'no' : '1'} warm-up and ${runs} counted`);
  if (!smoke) await take();
  /** @type {Sample[]} */
  const samples = [];
  for (let run = 0; run < runs; run++) samples.push(await take());
  const figures = Object.fromEntries(
    Object.keys(samples[0] ?? {}).map((key) => [key, spread(samples.map((sample) => sample[key] ?? NaN))]),
  );
  return { name, figures, samples };
}

/**
 * Offered and achieved arrivals of fleets at mosquitto, the rates in turn.
 * @param {readonly number[]} asked a second
 */
function rates(asked) {
  /** @returns {Promise<Sample>} */
  const take = async () => {
    /** @type {Sample} */
    const sample = {};
    for (const rate of asked) {
      for (const [name, figure] of Object.entries((await measureRate({ rate })) ?? {})) sample[`${name}At${rate}`] = figure;
    }
    return sample;
  };
  return series('the command at mosquitto: arrivals a second, offered and achieved', take, FEW);
}

await buildIfOlder(['cli', 'web']);
const { createBuilder } = await import('vite');
const builder = await createBuilder({ configFile: join(checkout, 'vite.config.ts'), logLevel: 'warn' });
const bench = builder.environments['bench'];
if (!bench) throw new Error('vite.config.ts has no environment for the bench');
await builder.build(bench);

const results = [
  await series('in memory, one thread', () => sampleOf('memory')),
  // Half a minute each, and no figure of speed.
  await series('honest on the wall clock', () => sampleOf('honesty'), 1),
  await series("the stub's side, one process", () => sampleOf('stub-load')),
  await series("our side, beside the barest client: mosquitto over TCP, the stub's TLS", () => sampleOf('load')),
  await rates(smoke ? [100] : [500, 1000, 2000, 4000]),
  await series('verify platform on the embedded stub', () => measureSuite(smoke ? { cases: 'platform/nwl/f*' } : {})),
  await series('in a tab: the suite on the in-page stub', () => measureSuiteInPage(smoke ? { cases: 3 } : {}), FEW),
  await series('in a tab, 5,000 devices, reference', () => measurePage({ devices: smoke ? 200 : 5000, session: 'reference' })),
  await series('in a tab, through the relay: 5,000 devices register and connect over TLS', () => measureRelay({ devices: many }), FEW),
  await series(
    'in a tab, through the relay: 5,000 devices connect over TCP at mosquitto',
    async () => (await measureRelayTcp({ devices: many })) ?? {},
    FEW,
  ),
  await series('in a tab, own WebSockets: 200 devices, 50 a second', () => measureDirect({ devices: smoke ? 20 : 200 }), FEW),
];
// The same again with more devices than a smoke run needs.
if (!smoke) {
  results.push(
    await series('in a tab, 10,000 devices in both modes, lean', () => measurePage({ devices: 10_000 }), FEW),
    await series('in a tab, own WebSockets: 300 devices, more than a tab may have', () => measureDirect({ devices: 300 }), 1),
  );
}
for (const { name, figures } of results) {
  console.log(`\n${name}`);
  for (const [key, { min, median, max }] of Object.entries(figures)) {
    const digits = /Seconds$|^(percent|lag)/.test(key) ? 1 : 0;
    const [least, middle, most] = [min, median, max].map((figure) => figure.toFixed(digits));
    console.log(`  ${key.padEnd(28)} min ${least}  median ${middle}  max ${most}`);
  }
}
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version };
const report = JSON.stringify({ format: 'muster-bench/1', smoke, machine, results }, null, 2);
if (jsonFile) writeFileSync(jsonFile, `${report}\n`);
