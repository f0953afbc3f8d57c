// The account of a fleet for tests of its report: everything that a fleet of this version says, and what an earlier one left out.
import type { LoadFigures, LoadOptions } from './load.ts';

const second = (at: number, started: number, p99: number | null): NonNullable<LoadFigures['series']>[number] => ({
  second: at,
  online: started * (at + 1),
  offered: 100,
  started,
  activated: started,
  refused: 0,
  throttled: 0,
  failed: at === 2 ? 1 : 0,
  local: 0,
  aborted: 0,
  posts: started,
  replies: started,
  latencyMs: { register: null, connect: p99 === null ? null : { p50: p99 / 2, p99 }, post: null },
});

const TIMES = { p50: 4.2, p90: 9.75, p99: 41.5, max: 120 };

/** A run in which one device failed: every threshold but one holds. */
export const FIGURES: LoadFigures = {
  devices: 400,
  activated: 399,
  refused: 0,
  failed: 1,
  local: 0,
  aborted: 0,
  outcomes: { 'accepted connack': 399, 'closed connack': 1 },
  throttled: 3,
  errors: [
    {
      family: 'connack',
      kind: 'closed',
      count: 1,
      example: { deviceName: 'm0-abc-000007', phase: 'connect', atMs: 81, detail: 'closed after 12 ms' },
      en: 'The target closed the connection instead of answering.',
      zh: '目标未应答即关闭连接。',
    },
  ],
  rate: { offered: 100, achieved: 99.4 },
  latencyMs: { register: null, connect: TIMES, post: { p50: 2, p90: 3, p99: 4, max: 9 } },
  serviceMs: { register: null, connect: { p50: 3.9, p90: 8, p99: 40, max: 111 }, post: null },
  validity: { ok: true, reasons: [] },
  seed: '1',
  namespace: '0',
  version: '0.1.0',
  digest: 'ab'.repeat(32),
  workers: 2,
  measures: 'target',
  platform: { activated: 399 },
  workersLost: [],
  series: [second(0, 100, 12), second(1, 100, 41.5), second(2, 99, null), second(3, 100, 20)],
  thresholds: [
    { text: 'p99(connect) < 500ms', ok: true, actual: 41.5 },
    { text: 'failed == 0', ok: false, actual: 1 },
    { text: 'p99(register) < 1s', ok: null, actual: null },
  ],
};

/** A run whose figures are withheld, as a version before thresholds, series and errors wrote it. */
export const EARLIER: LoadFigures = (() => {
  const { throttled: _t, errors: _e, workersLost: _w, series: _s, thresholds: _h, ...rest } = FIGURES;
  const none = { register: null, connect: null, post: null };
  return {
    ...rest,
    activated: 400,
    failed: 0,
    latencyMs: none,
    serviceMs: none,
    platform: null,
    validity: { ok: false, reasons: ['scheduler lag p99 was 71 ms, more than 50 ms', "12 attempts failed on this machine's own limits"] },
  };
})();

export const OPTIONS: LoadOptions = {
  target: 'staging',
  environment: {
    runner: 'node',
    runtime: 'v20',
    system: 'linux x64',
    startedAt: '2026-01-02T03:04:05.000Z',
    endedAt: '2026-01-02T03:05:05.000Z',
  },
};
