import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Series, seriesCsv, SeriesRecorder, SERIES_COUNTERS, type SeriesPoint } from './series.ts';

const ZERO = 1_000_000;
const at = (seconds: number): number => ZERO + seconds * 1000;

describe('the series of a run', () => {
  it('puts what happens into its second, and hands it over once', () => {
    const recorder = new SeriesRecorder(ZERO);
    const series = new Series(1);
    recorder.count('started', at(0));
    recorder.count('started', at(0.999));
    recorder.count('online', at(1), 1);
    recorder.latency('connect', at(1.5), 40);
    series.add(0, recorder.take(at(1.6)));
    series.add(0, recorder.take(at(1.7)));
    // A start that comes late belongs to the second it was due in, and to the one it came in.
    recorder.count('offered', at(0.5));
    recorder.count('started', at(3));
    recorder.count('online', at(3), -1);
    recorder.latency('connect', at(1.9), 80);
    series.add(0, recorder.take(at(4)));
    const points = series.points();
    expect(points.map((point) => [point.second, point.offered, point.started, point.online])).toEqual([
      [0, 1, 2, 0],
      [1, 0, 0, 1],
      [2, 0, 0, 1],
      [3, 0, 1, 0],
    ]);
    expect(points[1]?.latencyMs.connect?.p50).toBeCloseTo(40, 0);
    expect(points[1]?.latencyMs.connect?.p99).toBeCloseTo(80, 0);
    expect(points[2]?.latencyMs).toEqual({ register: null, connect: null, post: null });
  });

  it('hands over counts at once, and latencies when their second is over unless it is to be whole', () => {
    const recorder = new SeriesRecorder(ZERO);
    recorder.count('posts', at(0.1));
    recorder.latency('post', at(0.2), 5);
    const [first] = recorder.take(at(0.5), false).seconds;
    expect(first).toEqual({ second: 0, counters: { posts: 1 }, latencies: {} });
    recorder.count('posts', at(0.6));
    recorder.latency('post', at(1.1), 5);
    const over = recorder.take(at(1.2), false);
    expect([over.through, over.seconds.map(({ second, counters, latencies }) => [second, counters, Object.keys(latencies)])]).toEqual([
      1,
      [
        [0, { posts: 1 }, ['post']],
        [1, {}, []],
      ],
    ]);
    expect(recorder.take(at(1.2)).seconds.map(({ second, latencies }) => [second, Object.keys(latencies)])).toEqual([[1, ['post']]]);
    expect(recorder.take(at(1.2)).seconds).toEqual([]);
  });

  it('is the same whatever number of workers share the run, and however often they are asked', () => {
    const EVENT = fc.record({ ms: fc.nat(9_999), latency: fc.option(fc.integer({ min: 1, max: 60_000 })), worker: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), (events, workers, often) => {
        const inOrder = [...events].sort((a, b) => a.ms - b.ms);
        const collected = (count: number, asking: boolean): SeriesPoint[] => {
          const recorders = Array.from({ length: count }, () => new SeriesRecorder(ZERO));
          const series = new Series(count);
          for (const { ms, latency, worker } of inOrder) {
            const recorder = recorders[worker % count]!;
            if (latency === null) recorder.count('posts', ZERO + ms);
            else recorder.latency('post', ZERO + ms, latency);
            if (asking) series.add(worker % count, recorder.take(ZERO + ms, ms % 2 === 0));
          }
          recorders.forEach((recorder, worker) => series.add(worker, recorder.take(at(10))));
          return series.points();
        };
        expect(collected(workers, often)).toEqual(collected(1, false));
      }),
    );
  });

  it('keeps no histogram of a second that every worker has left', () => {
    const recorders = [new SeriesRecorder(ZERO), new SeriesRecorder(ZERO)];
    const series = new Series(2);
    for (let second = 0; second < 600; second++) {
      recorders.forEach((recorder, worker) => {
        for (const phase of ['register', 'connect', 'post'] as const) recorder.latency(phase, at(second + 0.5), second + 1);
        series.add(worker, recorder.take(at(second + 1)));
        expect(series.growing).toBeLessThanOrEqual(1);
      });
    }
    expect(series.points()).toHaveLength(600);
    expect(series.points()[599]?.latencyMs.post?.p99).toBeGreaterThan(590);
  });

  it('has the seconds in which nothing happened, also at the end', () => {
    const recorder = new SeriesRecorder(ZERO);
    const series = new Series(1);
    recorder.count('online', at(0.5), 1);
    series.add(0, recorder.take(at(0.9)));
    expect(series.points()).toHaveLength(1);
    series.add(0, recorder.take(at(5.2)));
    expect(series.points().map(({ second, online }) => [second, online])).toEqual([0, 1, 2, 3, 4].map((second) => [second, 1]));
  });

  it('a worker that dies takes its connections with it, once', () => {
    const recorders = [new SeriesRecorder(ZERO), new SeriesRecorder(ZERO)];
    const series = new Series(2);
    recorders.forEach((recorder, worker) => {
      for (let i = 0; i < 5; i++) recorder.count('online', at(0.5), 1);
      series.add(worker, recorder.take(at(1)));
    });
    series.died(1, 2, 3);
    series.died(1, 2, 3);
    recorders[0]?.count('online', at(3), 1);
    series.add(0, recorders[0]!.take(at(3)));
    expect(series.points().map((point) => [point.online, point.local])).toEqual([
      [10, 0],
      [10, 0],
      [5, 3],
      [6, 0],
    ]);
  });

  it('is CSV with a line a second, each as long as the header', () => {
    const recorder = new SeriesRecorder(ZERO);
    recorder.count('replies', at(1));
    recorder.latency('post', at(1), 5);
    const series = new Series(1);
    series.add(0, recorder.take(at(1)));
    const lines = seriesCsv(series.points()).split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[3]).toBe('');
    const [header = '', first = '', second = ''] = lines;
    expect(header.split(',').slice(0, 4)).toEqual(['second', 'offered', 'started', 'online']);
    expect(header.split(',').slice(-2)).toEqual(['post_p50_ms', 'post_p99_ms']);
    for (const line of [first, second]) expect(line.split(',')).toHaveLength(1 + SERIES_COUNTERS.length + 6);
    expect(first.endsWith(',,,,,')).toBe(true);
    expect(Number(second.split(',').at(-1))).toBeCloseTo(5, 0);
  });
});
