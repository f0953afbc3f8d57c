// One thread, no sockets: platform and units on memory streams. Prints one JSON line: registrations a second, and bytes a device that is
// online. Run by `npm run bench`, with `--expose-gc`.
import { ambientClock } from '../../kernel/clock.ts';
import { seededRandom } from '../../kernel/random.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { memoryTransport } from '../../worker/transport/memory.ts';
import { Unit } from '../../worker/unit/unit.ts';

const [devicesText = '1000', concurrencyText = '64'] = process.argv.slice(2);
const devices = Number(devicesText);
const concurrency = Number(concurrencyText);
const clock = ambientClock();
const product = { productKey: 'a1Bench0001', productSecret: 'bench-secret-0001' };

const platform = new Platform({ clock, seed: 'bench' });
const front = await createMqttFront(platform);
platform.operate({ action: 'CreateProduct', ...product, dynamicRegistration: true });
const names = Array.from({ length: devices }, (_, i) => `bench-${i}`);
platform.operate({ action: 'AddDevices', productKey: product.productKey, deviceNames: names.filter((_, i) => i % 2 === 0) });
const transport = memoryTransport(clock, front.accept);

const memory = (): { heap: number; rss: number } => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
};

const units = names.map(
  (deviceName, i) =>
    new Unit(
      { unitId: deviceName, mode: i % 2 === 0 ? 'register' : 'regnwl', deviceName, ...product },
      {
        clock,
        random: seededRandom('bench', i),
        transport,
        openSession: openReferenceSession,
        timeouts: DEFAULT_TIMEOUTS,
        edition: 'doc2020',
        signMethod: 'hmacsha256',
      },
    ),
);

/** Runs `verb` on every unit, so many at once; a unit that fails makes the whole run worthless. */
async function all(verb: (unit: Unit) => Promise<{ kind: string }>, wanted: string): Promise<void> {
  const queue = [...units];
  const work = async (): Promise<void> => {
    for (let unit = queue.pop(); unit; unit = queue.pop()) {
      const outcome = await verb(unit);
      if (outcome.kind !== wanted) throw new Error(`${unit.identity.deviceName}: ${outcome.kind}, not ${wanted}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

const startedAt = clock.now();
await all((unit) => unit.register(), 'issued');
const registerMs = clock.now() - startedAt;
const before = memory();
await all((unit) => unit.connect(), 'accepted');
const after = memory();
process.stdout.write(
  `${JSON.stringify({
    registrationsPerSecond: (devices * 1000) / registerMs,
    heapBytesPerDevice: (after.heap - before.heap) / devices,
    rssBytesPerDevice: (after.rss - before.rss) / devices,
  })}\n`,
);
await Promise.all(units.map((unit) => unit.disconnect()));
await front.close();
