// What a plan may demand of a run, and what templates make of a unit.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../kernel/random.ts';
import type { FleetReport } from './controller.ts';
import { newHistograms } from './measure.ts';
import { TemplateCompiler, type TemplateContext } from './template.ts';
import { measuredOf } from './thresholds-run.ts';
import { judge, parseThreshold, type Measured, type Threshold } from './thresholds.ts';

const read = (text: string): Threshold => {
  const parsed = parseThreshold(text);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.threshold;
};

const RUN: Measured = {
  count: (name) => ({ devices: 100, activated: 99, refused: 1, offered: 50, achieved: 49.9 })[name as string] ?? 0,
  percentile: (of, p) => (of === 'post' ? null : of === 'lag' ? 3 : p === 100 ? 900 : p * 4),
  samples: () => 5_000,
};

/** A run with so few values that they can be counted. */
const few = (...values: readonly number[]): Measured => ({
  count: () => 0,
  samples: () => values.length,
  percentile: (_of, p) => [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil((p * values.length) / 100 - 1e-6) - 1)] ?? null,
});

describe('thresholds', () => {
  it.each([
    ['p99(connect) < 500ms', true, 396],
    ['p99(connect)<0.3s', false, 396],
    ['p99.9(service.register) <= 399.6ms', true, 399.6],
    ['max(connect) > 1s', false, 900],
    ['p50(lag) < 3000us', false, 3],
    ['refused == 0', false, 1],
    ['failed == 0', true, 0],
    ['failed != 0', false, 0],
    ['activated == devices', false, 99],
    ['activated/devices >= 99%', true, 0.99],
    ['achieved/offered > 0.99', true, 0.998],
    ['answered/published > 0.5', null, null],
    ['p99(post) < 1s', null, null],
  ])('%s', (text, ok, actual) => {
    const [judged] = judge([read(text)], RUN);
    expect(judged).toEqual({ text, ok, actual: actual === null ? null : (expect.closeTo(actual, 6) as number) });
  });

  it.each([
    '',
    'refused',
    'refused = 0',
    'refused == zero',
    'p99 < 5ms',
    'p100(connect) < 5ms',
    'a/b/c > 1',
    'refused == 5ms',
    'devices/refused/failed > 1',
  ])('refuses %j', (text) => expect(parseThreshold(text).ok).toBe(false));

  it.each([
    ['activated > 99%', /a count has no %/, /activated\/devices > 99%/],
    ['refused<5%', /a count has no %/, /refused\/devices < 5%/],
    ['achieved >= 99.5%', /a count has no %/, /achieved\/offered >= 99.5%/],
    ['answered > 99%', /a count has no %/, /answered\/published > 99%/],
    ['devices == 5%', /a count has no %/, /leave the % out/],
    ['p99(connect) < 5%', /compares a time with a number/, /us, ms or s/],
    ['p99(connect)/devices < 5', /divides a time by a count/, /one count by another, or one time by another/],
    ['devices/max(lag) > 5', /divides a count by a time/, /one count by another, or one time by another/],
    ['achieved/offered > devices', /compares a ratio with a count/, /with a number: 0\.99, or 99%/],
    ['p99(connect) < devices', /compares a time with a number/, /us, ms or s/],
    ['p99(connect)/p50(connect) < 5ms', /compares a number with a time/, /leave the unit out/],
  ])('refuses %j, of which the two sides are no match', (text, why, remedy) => {
    expect(parseThreshold(text)).toMatchObject({
      ok: false,
      why: expect.stringMatching(why) as string,
      remedy: expect.stringMatching(remedy) as string,
    });
  });

  it('compare one time with another by their ratio', () => {
    expect(judge([read('p99(connect)/p50(connect) < 250%')], RUN)).toMatchObject([{ ok: true, actual: 1.98 }]);
    expect(judge([read('offered > 49.5'), read('refused != aborted')], RUN)).toMatchObject([{ ok: true }, { ok: true }]);
  });

  it.each<[string, Measured, boolean | null, number]>([
    // One of twenty may be the one of a hundred; two of them are not.
    ['p99(connect) < 500ms', few(...Array<number>(20).fill(10)), null, 10],
    ['p99(connect) < 500ms', few(...Array<number>(19).fill(10), 900), null, 900],
    ['p99(connect) < 500ms', few(...Array<number>(18).fill(10), 900, 901), false, 901],
    ['p99(connect) > 500ms', few(...Array<number>(18).fill(10), 900, 901), true, 901],
    ['p99(connect) > 500ms', few(...Array<number>(19).fill(10), 900), null, 900],
    ['p90(connect) < 500ms', few(...Array<number>(9).fill(10)), null, 10],
    ['p90(connect) < 500ms', few(...Array<number>(10).fill(10)), true, 10],
    ['p99(connect) < 500ms', few(...Array<number>(99).fill(10)), null, 10],
    ['p99(connect) < 500ms', few(...Array<number>(100).fill(10)), true, 10],
    ['p50(connect) < 500ms', few(10, 11), true, 10],
    ['p50(connect) < 500ms', few(10), null, 10],
    ['p99.9(connect) < 500ms', few(...Array<number>(999).fill(10)), null, 10],
    ['p99.9(connect) < 500ms', few(...Array<number>(1_000).fill(10)), true, 10],
    ['max(connect) < 500ms', few(10), true, 10],
  ])('%s: a percentile of too few values is judged only where they decide it all the same (%#)', (text, run, ok, actual) => {
    const [judged] = judge([read(text)], run);
    expect(judged).toMatchObject({ ok, actual });
    expect(judged?.tooFew === undefined).toBe(ok !== null);
  });

  it('say how many values there were, and how many it takes', () => {
    expect(judge([read('p99(connect) < 1s')], few(1, 2, 3))).toEqual([
      { text: 'p99(connect) < 1s', ok: null, actual: 3, tooFew: { had: 3, needed: 100 } },
    ]);
  });
});

describe('templates', () => {
  const context = (n = 1): TemplateContext => {
    const random = seededRandom('template');
    return {
      facts: { index: 7, number: 2, deviceName: 'unit-7', productKey: 'a1', cohort: 'meters', namespace: 'x', n, now: 1_700_000_000_000 },
      state: [],
      random: () => random,
    };
  };
  const fill = (text: string): string => new TemplateCompiler('payload').text(text)(context());

  it.each([
    ['plain { text }', 'plain { text }'],
    ['{{deviceName}}/{{ index }}', 'unit-7/7'],
    ['{{pad(number, 4)}}-{{pad(index,2)}}', '0002-07'],
    ['{"at":{{now}},"iso":"{{iso}}"}', '{"at":1700000000000,"iso":"2023-11-14T22:13:20.000Z"}'],
    ["{{pick('a')}}{{pick(5)}}", 'a5'],
    ['{{random(3, 3)}}{{uniform(1.5, 1.5, 1)}}', '31.5'],
  ])('%s', (text, filled) => expect(fill(text)).toBe(filled));

  it('keep the type of an expression that stands alone, in any depth', () => {
    const value = new TemplateCompiler('payload').value({ a: ['{{index}}', '{{index}}.', 5, null], b: { c: '{{deviceName}}' } });
    expect(value(context())).toEqual({ a: [7, '7.', 5, null], b: { c: 'unit-7' } });
  });

  it('remember each unit apart', () => {
    const value = new TemplateCompiler('payload').value(['{{counter(5, 3)}}', '{{counter}}', '{{walk(20, 0.5, 19, 21)}}']);
    const [one, other] = [context(), context()];
    const first = [value(one), value(one), value(one)] as number[][];
    expect(first.map(([a, b]) => [a, b])).toEqual([
      [5, 0],
      [8, 1],
      [11, 2],
    ]);
    const walk = Array.from({ length: 300 }, () => (value(one) as number[])[2] as number);
    expect(first[0]?.[2]).toBe(20);
    walk.forEach((step, i) => {
      expect(step).toBeGreaterThanOrEqual(19);
      expect(step).toBeLessThanOrEqual(21);
      if (i > 0) expect(Math.abs(step - (walk[i - 1] as number))).toBeLessThanOrEqual(0.5005);
    });
    expect(new Set(walk).size).toBeGreaterThan(100);
    // The same seed gives the same walk, whatever the other unit did.
    expect([value(other), value(other), value(other)]).toEqual(first);
  });
});

describe("silences that may be this machine's own", () => {
  const traffic = { published: 9, answered: 8, overruns: 0, missed: 0, lost: 1, reconnected: 0 };
  const reportWith = (validity: FleetReport['validity']): FleetReport =>
    ({ devices: 3, activated: 2, refused: 0, failed: 1, traffic, rate: { offered: 5, achieved: 5 }, validity }) as unknown as FleetReport;
  const texts = ['failed == 0', 'activated == devices', 'devices == activated', 'answered/published > 0.9', 'refused == 0'];
  const judged = (report: FleetReport): (boolean | null)[] =>
    judge(texts.map(read), measuredOf(report, newHistograms())).map(({ ok }) => ok);

  it('decide no threshold', () => {
    expect(judged(reportWith({ ok: false, reasons: ['late'], doubtfulSilences: 1 }))).toEqual([null, null, null, null, true]);
    expect(judged(reportWith({ ok: false, reasons: ['late'] }))).toEqual([false, false, false, false, true]);
  });
});
