import { createServer } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { FleetView } from '../worker/fleet/controller.ts';
import { noTraffic } from '../worker/fleet/fleet.ts';
import { mergeErrors } from '../worker/fleet/errors.ts';
import { newHistograms, record } from '../worker/fleet/measure.ts';
import { readOpenMetrics, type Family } from './metrics.testkit.ts';
import { openMetrics } from './metrics-text.ts';
import { serveMetrics, type MetricsServer } from './metrics.ts';

const VIEW: FleetView = {
  states: new Uint8Array([4, 4, 4, 6]),
  started: 4,
  finished: 4,
  online: 3,
  endings: { activated: 3, refused: 1, failed: 0, local: 0, aborted: 0 },
  outcomes: { 'issued register mqtt': 3, 'refused connack 3': 1, 'odd "key"\\\n': 2 },
  traffic: noTraffic(),
  cohorts: [],
  throttled: 1,
  throttledProbable: 2,
  ownFaults: 3,
  errors: mergeErrors([
    [
      {
        family: 'throttled',
        kind: 'connack 3',
        count: 1,
        example: { deviceName: 'm-1', phase: 'connect', atMs: 5, detail: 'code 3' },
      },
    ],
  ]),
  rate: { offered: 500, achieved: 499.5 },
};
const MS = [1, 5, 5.01, 400, 70_000];
const histograms = newHistograms();
for (const ms of MS) record(histograms['latency.register'], ms);

const families = (): Map<string, Family> => readOpenMetrics(openMetrics({ version: '1.2.3', view: VIEW, histograms }));
const value = (family: string, labels: object, suffix = ''): number | undefined =>
  families()
    .get(family)
    ?.samples.find((one) => one.name === `${family}${suffix}` && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    ?.value;

describe('the exposition', () => {
  it('is OpenMetrics, to a reader that forgives nothing', () => {
    expect([...families().keys()]).toContain('muster_phase_latency_seconds');
  });

  it('the reader finds what is wrong', () => {
    const text = openMetrics({ version: '1.2.3', view: VIEW, histograms });
    for (const [from, to] of [
      ['# EOF\n', ''],
      ['muster_units_started_total 4', 'muster_units_started 4'],
      ['le="1.0"', 'le="1"'],
      ['{ending="refused"}', '{ending="activated"}'],
      ['# UNIT muster_scheduler_lag_seconds seconds', '# UNIT muster_scheduler_lag_seconds ms'],
      [',le="+Inf"} 5', ',le="+Inf"} 4'],
    ] as const) {
      expect(text).toContain(from);
      expect(() => readOpenMetrics(text.replace(from, to)), to).toThrow();
    }
  });

  it('says what the run says', () => {
    expect(value('muster_units', { state: 'online' })).toBe(3);
    expect(value('muster_units', { state: 'refused' })).toBe(1);
    expect(value('muster_units', { state: 'blank' })).toBe(0);
    expect(value('muster_units_ended', { ending: 'activated' }, '_total')).toBe(3);
    expect(value('muster_outcomes', { outcome: 'odd "key"\\\n' }, '_total')).toBe(2);
    expect(value('muster_throttled_probable', {}, '_total')).toBe(2);
    expect(value('muster_own_faults', {}, '_total')).toBe(3);
    expect(value('muster_errors', { family: 'throttled', kind: 'connack 3' }, '_total')).toBe(1);
    expect(value('muster_throttled', {}, '_total')).toBe(1);
    expect(value('muster_build', { version: '1.2.3' }, '_info')).toBe(1);
  });

  it('counts latencies by bucket, bounds included', () => {
    const bucket = (le: string): number | undefined => value('muster_phase_latency_seconds', { phase: 'register', le }, '_bucket');
    expect([bucket('0.001'), bucket('0.005'), bucket('0.01'), bucket('0.25'), bucket('0.5'), bucket('60.0'), bucket('+Inf')]).toEqual([
      ...[1, 2, 3, 3, 4, 4, 5],
    ]);
    const sum = value('muster_phase_latency_seconds', { phase: 'register' }, '_sum') ?? 0;
    expect(sum / (MS.reduce((a, b) => a + b, 0) / 1000)).toBeCloseTo(1, 2);
  });
});

describe('the server', () => {
  let server: MetricsServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const get = async (path = '/metrics', method = 'GET'): Promise<[number, string, string]> => {
    const response = await fetch(new URL(path, server?.url), { method });
    return [response.status, response.headers.get('content-type') ?? '', await response.text()];
  };

  it('answers with the media type of the format, once there is a fleet', async () => {
    server = await serveMetrics(0);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect((await get())[0]).toBe(503);
    let looks = 0;
    server.show({
      view: () => {
        looks += 1;
        return Promise.resolve(VIEW);
      },
      histograms: () => Promise.resolve(histograms),
    });
    const [status, type, text] = await get();
    expect([status, type]).toEqual([200, 'application/openmetrics-text; version=1.0.0; charset=utf-8']);
    expect(readOpenMetrics(text).size).toBeGreaterThan(8);
    expect(looks).toBe(1);
    expect((await get('/'))[0]).toBe(404);
    expect((await get('/metrics', 'POST'))[0]).toBe(405);
  });

  it('survives a fleet that cannot answer', async () => {
    server = await serveMetrics(0);
    server.show({ view: () => Promise.reject(new Error('gone')), histograms: () => Promise.resolve(histograms) });
    expect((await get())[0]).toBe(500);
    expect((await get())[0]).toBe(500);
  });

  it('says that a port is busy, with exit 3', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(serveMetrics(port)).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining(`--metrics ${port}`) as string,
      remedy: 'give another port, or 0 for a free one',
    });
    other.close();
    await once(other, 'close');
  });
});
