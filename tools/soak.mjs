// `npm run soak [-- --only model|memory|posts|fleet] [--minutes N] [--devices N] [--connections N] [--model-runs N] [--fleet-devices N]
// [--fleet-minutes N] [--fleet-every S] [--fleet-rate N] [--session reference|lean] [--json FILE]`: what takes too long for a test: ten
// thousand runs of the model, a hundred thousand hostile connections and what they leave in memory, thousands of devices that post for ten
// minutes with a count at both ends, and our own fleet of ten thousand for a quarter of an hour: who is lost, how its memory grows, how its
// schedule drifts. Exit 0 when all hold; the figures go to docs/evidence.
import { spawn, spawnSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { build, load, program } from '../test/soak/build.mjs';
import { checkout } from './build.mjs';

/** @typedef {import('../test/soak/load.ts')} LoadModule */
/** @typedef {import('../test/soak/stub.ts').Ready} Ready */
/** @typedef {import('../test/soak/stub.ts').Count} Count */
/** @typedef {import('../test/soak/fleet.ts').Said} FleetSaid */
/** @typedef {import('../test/soak/fleet.ts').Round} Round */
/** @typedef {import('../test/soak/fleet.ts').Reading} Reading */
/** @typedef {import('../test/soak/fleet.ts').FleetSoak} FleetSoak */
/** @typedef {{ connections: number, sessions: number, handles: number, heapUsed: number, external: number, arrayBuffers: number, rss: number }} MemorySample */
/** @typedef {{ connections: number, seconds: number, idleHandles: number, rates: number[], samples: MemorySample[], crashes: string[] }} Measured */
/** @typedef {{ name: string, ok: boolean, why: string[], figures: object }} Result */

const PARTS = /** @type {const} */ (['model', 'memory', 'posts', 'fleet']);
const EVERY_MS = 10_000;
/** Growth per ten thousand connections, as a share of the first sample. */
const GROWTH_MAX = 0.01;
const JUDGED_FROM = 50_000;
const REPORTED_LATENCIES = { p95: 0.95, p99: 0.99 };

/** Growth of the fleet's heap from the first reading to the last, as a share of the first, where so many minutes lie between them. */
const FLEET_GROWTH_MAX = 0.03;
const FLEET_JUDGED_MINUTES = 8;
/** After so many posts each device's ring of evidence is full: growth before that has an end. */
const RING_FULL_POSTS = 15;

const options = {
  ...{ minutes: 10, devices: 5000, connections: 100_000, 'model-runs': 10_000 },
  ...{ 'fleet-devices': 10_000, 'fleet-minutes': 15, 'fleet-every': 20, 'fleet-rate': 200 },
};
/** @type {'reference' | 'lean'} */
let session = 'reference';
let only = '';
let json = '';
for (let i = 2; i < process.argv.length; i += 2) {
  const [word = '', value = ''] = process.argv.slice(i, i + 2);
  const name = word.replace(/^--/, '');
  if (name === 'only' && PARTS.some((part) => part === value)) only = value;
  else if (name === 'json' && value !== '') json = value;
  else if (name === 'session' && (value === 'reference' || value === 'lean')) session = value;
  else if (name in options && Number(value) > 0) options[/** @type {keyof typeof options} */ (name)] = Number(value);
  else {
    console.error(`soak: ${word} ${value} is not understood; the first lines of tools/soak.mjs say what is`);
    process.exit(64);
  }
}

/** @param {readonly number[]} values */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { min: sorted[0] ?? NaN, median: at(0.5), max: sorted.at(-1) ?? NaN, at };
}

/** Without its function. @param {readonly number[]} values */
function figures(values) {
  const { min, median, max } = spread(values);
  return { min, median, max };
}

/** @param {string} line */
const tell = (line) => console.error(`soak: ${line}`);

/** The model, far longer than in a test. @returns {Result} */
function model() {
  const folder = join(checkout, 'test/model');
  const result = { name: 'model', figures: { runs: options['model-runs'] } };
  if (!existsSync(folder)) return { ...result, ok: false, why: ['test/model does not exist'] };
  const startedAt = performance.now();
  const child = spawnSync(
    process.execPath,
    [join(checkout, 'node_modules/vitest/vitest.mjs'), 'run', 'test/model', '--testTimeout', '3600000'],
    { cwd: checkout, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, MUSTER_MODEL_RUNS: String(options['model-runs']) } },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const ok = child.status === 0;
  return { ...result, ok, why: ok ? [] : [`vitest ended with ${child.status}`], figures: { ...result.figures, seconds } };
}

/** Hostile connections, and what they leave. @returns {Promise<Result>} */
async function memory() {
  const { connections } = options;
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(checkout, 'test/robustness/memory.mjs'), '--prebuilt', '--connections', String(connections)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let out = '';
  child.stdout.on('data', (/** @type {Buffer} */ chunk) => (out += chunk.toString()));
  /** @type {unknown} */
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) return { name: 'memory', ok: false, why: [`memory.mjs ended with ${String(code)}`], figures: {} };
  /** @type {unknown} */
  const printed = JSON.parse(out);
  const { samples, crashes, idleHandles, seconds, rates } = /** @type {Measured} */ (printed);
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) throw new Error('memory.mjs took no samples');
  /** @param {(sample: MemorySample) => number} of */
  const growth = (of) => ((of(last) - of(first)) / of(first) / (last.connections - first.connections)) * 10_000;
  const growths = {
    heapUsed: growth((one) => one.heapUsed),
    external: growth((one) => one.external),
    heapAndExternal: growth((one) => one.heapUsed + one.external),
    rss: growth((one) => one.rss),
  };
  const why = crashes.map((crash) => `crashed: ${crash}`);
  // The first sample of a shorter run is taken while code is still being compiled: its growth is reported and not judged.
  for (const name of /** @type {const} */ (['heapAndExternal', 'rss'])) {
    if (connections >= JUDGED_FROM && !(growths[name] < GROWTH_MAX))
      why.push(`${name} grows by ${(growths[name] * 100).toFixed(2)} % per 10,000 connections`);
  }
  for (const { sessions, handles, connections: after } of samples) {
    if (sessions !== 0) why.push(`${sessions} sessions are left after ${after} connections`);
    if (handles > idleHandles) why.push(`${handles - idleHandles} sockets or timers are left after ${after} connections`);
  }
  return {
    name: 'memory',
    ok: why.length === 0,
    why,
    figures: { connections, seconds, connectionsPerSecond: figures(rates), samples, growthPer10000: growths },
  };
}

/**
 * A stub in a process of its own while `use` runs.
 * @param {number} devices
 * @param {(stub: { ready: Ready, count: () => Promise<Count> }) => Promise<Result>} use
 */
async function withStub(devices, use) {
  const stub = fork(program('stub'), [String(devices)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  /** @returns {Promise<unknown>} */
  const message = () =>
    new Promise((resolve, reject) => {
      const gone = (/** @type {number | null} */ code) => reject(new Error(`the stub ended with ${code}`));
      stub.once('exit', gone);
      stub.once('message', (said) => {
        stub.off('exit', gone);
        resolve(said);
      });
    });
  const count = async () => {
    const counted = message();
    stub.send('count');
    return /** @type {Count} */ (await counted);
  };
  try {
    return await use({ ready: /** @type {Ready} */ (await message()), count });
  } finally {
    const ended = new Promise((resolve) => stub.once('exit', resolve));
    if (stub.exitCode === null && stub.connected) {
      stub.disconnect();
      await ended;
    }
  }
}

/** The platform's count when the devices have left; their sessions take a moment to go. @param {() => Promise<Count>} count */
async function countWhenEmpty(count) {
  let platform = await count();
  for (let tries = 0; platform.sessions > 0 && tries < 100; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    platform = await count();
  }
  return platform;
}

/** Devices that post, counted at both ends. @returns {Promise<Result>} */
async function posts() {
  const { devices, minutes } = options;
  const loadModule = /** @type {LoadModule} */ (await load('load'));
  return withStub(devices, async ({ ready: { mqtt, mqtts, ca }, count }) => {
    const tally = await loadModule.run({ mqtt, mqtts, ca, devices, minutes, everyMs: EVERY_MS }, tell);
    const platform = await countWhenEmpty(count);
    const { connected, sent, acknowledged, replies, lost, latency, perWindow } = tally;
    /** @type {string[]} */
    const why = [];
    if (connected !== devices) why.push(`${connected} of ${devices} devices came online`);
    if (lost > 0) why.push(`${lost} connections were lost`);
    for (const [what, count] of /** @type {[string, number][]} */ ([
      ['PUBACKs', acknowledged],
      ['replies', replies],
      ['posts that the platform saw', platform.posts],
    ])) {
      if (count !== sent) why.push(`${sent} posts, but ${count} ${what}`);
    }
    if (platform.sessions > 0) why.push(`${platform.sessions} sessions are left`);
    if (platform.others > 0) why.push(`${platform.others} uplinks that the platform did not take`);
    const { at } = spread(latency);
    const percentiles = Object.fromEntries(Object.entries(REPORTED_LATENCIES).map(([name, share]) => [name, at(share)]));
    return {
      name: 'posts',
      ok: why.length === 0,
      why,
      figures: {
        ...{ devices, minutes, everyMs: EVERY_MS, connected, sent, acknowledged, replies, lost },
        platform,
        latencyMs: { ...figures(latency), ...percentiles },
        repliesPerInterval: figures(perWindow),
      },
    };
  });
}

/** Least squares: by how much a value grows a minute. @param {readonly Round[]} rounds @param {(round: Round) => number} of */
function slope(rounds, of) {
  const mean = (/** @type {readonly number[]} */ values) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const minutes = rounds.map(({ atMs }) => atMs / 60_000);
  const values = rounds.map(of);
  const [x, y] = [mean(minutes), mean(values)];
  const down = minutes.reduce((sum, one) => sum + (one - x) ** 2, 0);
  return down === 0 ? 0 : minutes.reduce((sum, one, i) => sum + (one - x) * ((values[i] ?? 0) - y), 0) / down;
}

/** Our own fleet: nobody lost, memory and schedule over the time. @returns {Promise<Result>} */
async function fleet() {
  const devices = options['fleet-devices'];
  const everyMs = options['fleet-every'] * 1000;
  return withStub(devices, async ({ ready, count }) => {
    /** @type {FleetSoak} */
    const asked = {
      port: ready.mqtt,
      devices,
      minutes: options['fleet-minutes'],
      everyMs,
      rate: options['fleet-rate'],
      session,
      ringPosts: RING_FULL_POSTS,
    };
    const child = fork(program('fleet'), [JSON.stringify(asked)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    /** @type {Round[]} */
    const rounds = [];
    /** @type {Reading[]} */
    const readings = [];
    /** @type {Extract<FleetSaid, { report: unknown }> | undefined} */
    let said;
    child.on('message', (message) => {
      const one = /** @type {FleetSaid} */ (message);
      if ('line' in one) tell(one.line);
      else if ('round' in one) rounds.push(one.round);
      else if ('reading' in one) readings.push(one.reading);
      else said = one;
    });
    /** @type {unknown} */
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (!said) return { name: 'fleet', ok: false, why: [`the fleet ended with ${String(code)}, without a report`], figures: { rounds } };
    const { report, seriesPoints } = said;
    const platform = await countWhenEmpty(count);
    const { traffic } = report;
    const [first, last] = [readings[0], readings.at(-1)];
    if (!first || !last) throw new Error('the fleet took no readings');
    const ringsFull = first.published >= RING_FULL_POSTS * devices;
    const minutes = (last.atMs - first.atMs) / 60_000;
    const grown = last.heapBytes - first.heapBytes;
    const growth = grown / first.heapBytes;
    const between = rounds.filter(({ atMs }) => atMs >= first.atMs);
    // A reading of the memory stops everything: how late that made the posts behind it is the reading's figure, not the schedule's.
    const undisturbed = rounds.filter(({ afterReading }) => !afterReading);
    /** @type {string[]} */
    const why = [];
    if (report.activated !== devices) why.push(`${report.activated} of ${devices} devices came online`);
    if (traffic.lost > 0) why.push(`${traffic.lost} connections were lost`);
    if (traffic.missed > 0) why.push(`${traffic.missed} posts were left out for want of a connection`);
    if (traffic.answered !== traffic.published) why.push(`${traffic.published} posts, ${traffic.answered} answers`);
    if (platform.posts !== traffic.published) why.push(`${traffic.published} posts, the platform saw ${platform.posts}`);
    if (platform.sessions > 0) why.push(`${platform.sessions} sessions are left`);
    why.push(...report.validity.reasons);
    if (ringsFull && minutes >= FLEET_JUDGED_MINUTES && growth > FLEET_GROWTH_MAX)
      why.push(`the heap grew by ${(growth * 100).toFixed(1)} %`);
    return {
      name: 'fleet',
      ok: why.length === 0,
      why,
      figures: {
        ...asked,
        activated: report.activated,
        traffic,
        platform,
        latencyMs: report.latencyMs,
        serviceMs: report.serviceMs,
        validity: report.validity,
        errors: report.errors,
        seriesPoints,
        memory: {
          /** Else the rings were still filling: the growth is theirs. */
          ringsFull,
          /** After a forced collection each. */
          readings,
          minutes,
          heapBytesPerMinute: minutes > 0 ? grown / minutes : 0,
          heapBytesPerPost: last.published > first.published ? grown / (last.published - first.published) : 0,
          heapGrowth: growth,
          rssBytesPerMinute: slope(between, (round) => round.rssBytes),
          heapBytesPerDevice: first.heapBytes / devices,
          rssBytesPerDevice: first.rssBytes / devices,
        },
        /** Without the rounds that begin with a reading. */
        drift: {
          rounds: undisturbed.length,
          lagP99Ms: figures(undisturbed.map((round) => round.lagP99Ms)),
          lagMaxMs: figures(undisturbed.map((round) => round.lagMaxMs)),
          lagP99MsPerMinute: slope(undisturbed, (round) => round.lagP99Ms),
          overruns: traffic.overruns,
        },
        rounds,
      },
    };
  });
}

/** @param {string} name */
function versionOf(name) {
  /** @type {unknown} */
  const described = JSON.parse(readFileSync(join(checkout, 'node_modules', name, 'package.json'), 'utf8'));
  const { version } = /** @type {{ version: string }} */ (described);
  return version;
}

const commit = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).stdout.trim();
const startedAt = new Date();
/** @param {(typeof PARTS)[number]} part */
const wanted = (part) => only === '' || only === part;
if (wanted('memory') || wanted('posts') || wanted('fleet')) build();
/** @type {Result[]} */
const results = [];
for (const [name, run] of /** @type {const} */ ([
  ['model', model],
  ['memory', memory],
  ['posts', posts],
  ['fleet', fleet],
])) {
  if (!wanted(name)) continue;
  tell(`${name} begins`);
  const result = await run();
  results.push(result);
  tell(`${name}: ${result.ok ? 'holds' : result.why.join('; ')}`);
}

const report = {
  format: 'muster-soak/1',
  at: startedAt.toISOString(),
  seconds: (Date.now() - startedAt.getTime()) / 1000,
  options: { ...options, session, ...(only === '' ? {} : { only }) },
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), platform: process.platform },
  versions: { commit, node: process.version, ...Object.fromEntries(['aedes', 'mqtt-packet', 'ws'].map((one) => [one, versionOf(one)])) },
  results,
};
const file = json === '' ? join(checkout, `docs/evidence/soak-${startedAt.toISOString().slice(0, 10)}.json`) : json;
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
tell(`the figures are in ${file}`);
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
