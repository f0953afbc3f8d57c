import { describe, expect, it } from 'vitest';
import type { FleetReport, FleetView } from '../../worker/fleet/controller.ts';
import { encodeHistogram, newHistogram, newHistograms, record } from '../../worker/fleet/measure.ts';
import { heldAtCap } from './browser.ts';
import { figuresOf, miscountOf, ownSilence, reasonsIn, tooFew } from './figures.ts';
import { pageReport } from './fleet-report.ts';
import { relayFigures } from './relay-figures.ts';
import { RelayMeter } from '../workers/relay-times.ts';
import { Throughput } from './series.ts';

const row = (family: string, kind: string, count: number) => ({ family, kind, count }) as FleetView['errors'][number];
const SLOW = ['scheduler lag p99 was 1477 ms, more than 50 ms'];
const viewOf = (part: Partial<FleetView>): FleetView =>
  ({ rate: { offered: 100, achieved: 100 }, errors: [], ...part }) as unknown as FleetView;

describe('silence of our own', () => {
  const errors = [row('connack', 'silent', 9_000), row('reply', 'silent', 1), row('connack', 'connack 4', 5)];

  it('is counted over all stages, and never holds what was answered', () => {
    expect(ownSilence(errors, SLOW, 'wss://host')).toEqual({ count: 9_001, platform: 'target', reasons: SLOW });
    expect(ownSilence([row('connack', 'connack 4', 5), row('tcp', 'ECONNREFUSED', 3)], SLOW, null)).toBeNull();
  });

  it("is a target's while this machine kept up, and always this machine's on the in-page platform", () => {
    expect(ownSilence(errors, [], 'wss://host')).toBeNull();
    expect(ownSilence(errors, [], null)).toEqual({ count: 9_001, platform: 'own', reasons: [] });
  });

  it('is not explained by devices for which the browser had no room', () => {
    const figures = figuresOf(
      newHistograms(),
      viewOf({ errors: [row('local', 'ports', 40), row('local', 'browser', 5), row('tcp', 'ECONNREFUSED', 7)] }),
      null,
    );
    expect(figures.validity).toEqual({ ok: false, reasons: ["45 attempts failed on this machine's own limits"] });
    expect(figures.slow).toEqual([]);
    const late = newHistograms();
    for (let i = 0; i < 100; i++) record(late['lag.arrivals'], 1_477);
    expect(figuresOf(late, viewOf({}), null).slow).toHaveLength(1);
    expect(figuresOf(newHistograms(), viewOf({ rate: { offered: 100, achieved: 90 } }), null).slow).toHaveLength(1);
  });

  it('is explained in both languages', () => {
    expect(reasonsIn(SLOW, 'en')).toBe(SLOW[0]);
    expect(reasonsIn([...SLOW, ...SLOW], 'zh-CN')).toMatch(/^调度延迟.*1477 毫秒.*；调度延迟/);
  });
});

describe('the cap of a browser', () => {
  it('is what all workers hold once one of them got no more', () => {
    const [some, more] = [
      { open: 100, full: false },
      { open: 90, full: false },
    ];
    expect(heldAtCap([some, more])).toBeNull();
    expect(heldAtCap([{ ...some, full: true }, more])).toBe(190);
  });

  it('stands in the report of a run that reached it', () => {
    const report = { devices: 5 } as unknown as FleetReport;
    expect(pageReport(report, { session: 'lean', relay: null, heldAtCap: 190 })).toEqual({
      devices: 5,
      session: 'lean',
      browser: { connections: 190 },
    });
    expect(pageReport(report, { session: 'lean', relay: null, heldAtCap: null })).toEqual({ devices: 5, session: 'lean' });
  });
});

describe("the platform's own count", () => {
  const endings = { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
  const ended = { ...endings, activated: 10 };

  it('is ours, or nobody could ask', () => {
    expect(miscountOf(ended, 10)).toBeNull();
    expect(miscountOf(ended, null)).toBeNull();
  });

  it('is a fault of ours where it is another', () => {
    expect(miscountOf(ended, 9)).toEqual({ ours: 10, platform: 9 });
    expect(miscountOf(ended, 11)).toEqual({ ours: 10, platform: 11 });
    expect(miscountOf({ ...ended, aborted: 3 }, 9)).toEqual({ ours: 10, platform: 9 });
  });

  it('may hold devices that ended otherwise once they were active', () => {
    expect(miscountOf({ ...ended, aborted: 1, failed: 2 }, 13)).toBeNull();
    expect(miscountOf({ ...ended, aborted: 1, failed: 2 }, 14)).not.toBeNull();
  });
});

describe('a percentile of few values', () => {
  it('is none until it is more than the largest of them', () => {
    const of = (count: number) => ({ p50: 1, p90: 1, p99: 1, max: 1, count });
    expect((['p50', 'p90', 'p99', 'max'] as const).map((column) => tooFew(of(20), column))).toEqual([false, false, true, false]);
    expect([tooFew(of(9), 'p90'), tooFew(of(99), 'p99'), tooFew(of(100), 'p99'), tooFew(of(1), 'p50')]).toEqual([true, true, false, true]);
    expect(tooFew(null, 'p99')).toBe(false);
  });
});

describe('throughput', () => {
  const view = viewOf({ outcomes: { 'issued secret': 20, 'issued token': 10, accepted: 30, replied: 30, 'refused connack 4': 7 } });

  it('of a run too short for a line is what came of the whole of it', () => {
    const throughput = new Throughput();
    throughput.add(0.1, view);
    expect(throughput.columns[0]).toEqual([]);
    throughput.whole(0.15, view);
    expect(throughput.columns).toEqual([[0.15], [200], [200], [200]]);
    expect(throughput.peak).toEqual({ register: 200, connect: 200 });
  });

  it('of a run without any time is none', () => {
    const throughput = new Throughput();
    throughput.whole(0, view);
    expect(throughput.columns).toEqual([[0], [0], [0], [0]]);
  });
});

describe('what the relay measured', () => {
  const encoded = (...ms: number[]): string => {
    const histogram = newHistogram(2);
    for (const one of ms) record(histogram, one);
    return encodeHistogram(histogram);
  };
  /** Two workers of one run over TCP. */
  const relay = relayFigures([
    { waited: encoded(0, 0, 0), tcp: encoded(1, 1, 1), tls: encoded(), firstByte: encoded(5) },
    { waited: encoded(0, 700), tcp: encoded(1, 40), tls: encoded(), firstByte: encoded() },
  ]);
  const report = { devices: 5, validity: { ok: true, reasons: [] } } as unknown as FleetReport;
  const session = 'lean';

  it('stands beside the account, over all workers, each with the number of its connections', () => {
    const { relay: found, ...rest } = pageReport(report, { session, relay });
    expect(rest).toEqual({ ...report, session });
    expect(found?.tcpMs.count).toBe(5);
    expect(found?.tcpMs.p50).toBeCloseTo(1, 1);
    expect(found?.tcpMs.max).toBeGreaterThan(39);
    expect(found?.waitedMs).toMatchObject({ count: 5, p50: 0 });
    expect(found?.waitedMs.max).toBeGreaterThan(690);
    expect(found?.firstByteMs).toMatchObject({ count: 1, p50: expect.closeTo(5, 0) as number });
  });

  it('is a count alone where nothing was timed, or where the run is not believed', () => {
    expect(pageReport(report, { session, relay }).relay?.tlsMs).toEqual({ count: 0 });
    const doubted = { ...report, validity: { ok: false, reasons: SLOW } };
    const counts = { waitedMs: { count: 5 }, tcpMs: { count: 5 }, tlsMs: { count: 0 }, firstByteMs: { count: 1 } };
    expect(pageReport(doubted, { session, relay }).relay).toEqual(counts);
  });

  it('is taken from its reports, of which an older relay tells no wait', () => {
    const meter = new RelayMeter();
    meter.up({ tcpMs: 1, tlsMs: 2, waitedMs: 300 });
    meter.up({ tcpMs: 1 });
    meter.firstByte(4);
    expect(relayFigures([meter.encoded()]).counts).toEqual({ waited: 1, tcp: 2, tls: 1, firstByte: 1 });
  });

  it('is absent where there was no relay', () => {
    expect(pageReport(report, { session, relay: null })).toEqual({ ...report, session });
  });
});
