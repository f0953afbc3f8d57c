// `node --expose-gc test/robustness/memory.mjs [--connections N] [--prebuilt]`: so many hostile connections to a stub in this process, and
// what is left of them at 20 %, 60 % and 100 %. Prints one JSON line. It measures and counts; whoever runs it judges.
import { build, load } from '../soak/build.mjs';

/** @typedef {import('../soak/arena.ts')} ArenaModule */

const argument = process.argv.indexOf('--connections');
const CONNECTIONS = argument >= 0 ? Number(process.argv[argument + 1]) : 100_000;
/** So many at once. */
const CONCURRENCY = 32;
const CHECKS = [0.2, 0.6, 1];
const SETTLE_MS = 10_000;
/** Good devices are asked this often. */
const GOOD_EVERY = 0.1;

if (!process.argv.includes('--prebuilt')) build();
const { openArena, WAYS } = /** @type {ArenaModule} */ (await load('arena'));
const arena = await openArena();

/** @type {unknown[]} */
const crashes = [];
process.on('uncaughtException', (error) => crashes.push(String(error))).on('unhandledRejection', (error) => crashes.push(String(error)));

/** Waits until it is settled, or has taken too long; what remains then. @param {(remains: ReturnType<typeof arena.remains>) => boolean} isSettled */
async function settled(isSettled) {
  const until = Date.now() + SETTLE_MS;
  for (;;) {
    const remains = arena.remains();
    if (isSettled(remains) || Date.now() > until) return remains;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sockets of connections; the servers' own are not among them. */
const sockets = () => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TLSWrap/.test(kind)).length;

function memory() {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { heapUsed, external, arrayBuffers, rss };
}

/** @type {Map<string, number>} */
const kinds = new Map();
let begun = 0;

/** @param {number} until */
async function attacks(until) {
  const work = async () => {
    while (begun < until) {
      const kind = await arena.attack(begun++);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

await arena.goodDevice();
// Its sockets take a moment to go; what stays of the first connection are timers that a stub keeps for itself.
const { handles: idle } = await settled(({ sessions }) => sessions === 0 && sockets() === 0);
const samples = [];
const rates = [];
const startedAt = performance.now();
for (let tenth = 1; tenth <= Math.round(1 / GOOD_EVERY); tenth++) {
  const from = begun;
  const at = performance.now();
  await attacks(Math.round(CONNECTIONS * tenth * GOOD_EVERY));
  rates.push(((begun - from) * 1000) / (performance.now() - at));
  await arena.goodDevice();
  const remains = await settled(({ sessions, handles }) => sessions === 0 && handles <= idle);
  if (CHECKS.some((share) => Math.abs(share - tenth * GOOD_EVERY) < 1e-9)) samples.push({ connections: begun, ...remains, ...memory() });
}
const seconds = (performance.now() - startedAt) / 1000;
await arena.close();
process.stdout.write(
  `${JSON.stringify({ connections: begun, seconds, idleHandles: idle, rates, samples, crashes, ways: WAYS.length, waysTaken: kinds.size, kinds: Object.fromEntries(kinds) })}\n`,
);
