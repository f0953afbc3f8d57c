// Cases as the page's worker runs them, on the virtual clock and against nobody: how it keeps to a limit that the target declares.
import { afterEach, expect, test, vi } from 'vitest';
import { CONNECTS_PER_DEVICE } from '../../protocol/limits.ts';
import { PACE_MS } from '../../scenarios/engine/pace.ts';
import { installVirtualTime } from '../../scenarios/engine/virtual-time.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';
import { socketCases } from './socket-cases.ts';

/** Pauses once, seconds after the last attempt of its devices. */
const CASE = 'platform/nwl/reply-isolation';

/** A WebSocket that comes to nothing at once, as a page is told. */
class NoSocket {
  readonly #told: ((event: { code: number; wasClean: boolean }) => void)[] = [];

  constructor() {
    setTimeout(() => this.#told.forEach((tell) => tell({ code: 1006, wasClean: false })), 1);
  }

  onopen: unknown = null;
  addEventListener(_: string, tell: (event: { code: number; wasClean: boolean }) => void): void {
    this.#told.push(tell);
  }
  close(): void {}
}

afterEach(() => void vi.unstubAllGlobals());

async function run(perDevicePerMinute: number | null): Promise<CaseRecord> {
  const time = installVirtualTime();
  vi.stubGlobal('WebSocket', NoSocket);
  try {
    const act = (_: string, verb: string) =>
      Promise.resolve({
        ok: true as const,
        value: verb === 'provideProduct' ? { productKey: 'a1Paced', productSecret: 'ps01' } : undefined,
      });
    const target = { url: 'wss://platform.invalid/mqtt', sockets: 10, pending: 8 };
    const { record } = await time.run(
      socketCases
        .prepare(
          {
            target,
            plain: null,
            edition: 'doc2020',
            seed: '1',
            namespace: 'paced',
            perDevicePerMinute,
            verbs: ['provideProduct', 'addDevice'],
          },
          act,
        )
        .then(() => socketCases.run(CASE)),
    );
    return record;
  } finally {
    time.uninstall();
  }
}

const lasted = ({ spans }: CaseRecord): number =>
  Math.max(...spans.map((one) => one.endedAt)) - Math.min(...spans.map((one) => one.startedAt));

test('a device waits for what is left of its minute, and for nothing where no limit is declared', async () => {
  const free = lasted(await run(null));
  const paced = lasted(await run(CONNECTS_PER_DEVICE));
  expect(free).toBeLessThan(10_000);
  expect(paced).toBeGreaterThan(PACE_MS);
  // A flat pause would be all of this.
  expect(paced).toBeLessThan(free + PACE_MS - 1_000);
});
