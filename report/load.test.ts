// The report of a fleet: what was asked decides, figures that cannot be believed decide nothing, and every file says the same.
import { describe, expect, test } from 'vitest';
import { diffLoads, loadDiffLines } from './load-diff.ts';
import { EARLIER, FIGURES, OPTIONS } from './load.testkit.ts';
import { LOAD_FORMATS, loadFiles, makeLoadReport, type LoadFigures, type LoadReport } from './load.ts';
import { reasonSaid, stopSaid } from './load-checks.ts';
import { loadLines } from './load-text.ts';
import { verifyLoad } from './load-verify.ts';

const report = (load: Partial<LoadFigures> = {}): LoadReport => makeLoadReport({ ...FIGURES, ...load }, OPTIONS);
const HELD = FIGURES.thresholds?.filter((one) => one.ok === true) ?? [];
const ALL = { activated: 400, failed: 0, platform: { activated: 400 }, thresholds: HELD };

/** A threshold of a run whose percentiles are withheld. */
const WITHHELD = { text: 'p99(connect) < 500ms', ok: null, actual: null };

describe('what a run is judged by', () => {
  test('each threshold, and whether it can be believed', () => {
    expect(report().checks.map(({ id, verdict }) => [id, verdict])).toEqual([
      ['p99(connect) < 500ms', 'pass'],
      ['failed == 0', 'fail'],
      ['p99(register) < 1s', 'error'],
      ['refused == 0, local == 0, aborted == 0', 'pass'],
      ['validity', 'pass'],
    ]);
    expect(report().result.verdict).toBe('fail');
  });

  test('that every device be activated, unless a threshold speaks of how devices end', () => {
    expect(report({ thresholds: HELD }).checks.map(({ id, verdict }) => [id, verdict])).toContainEqual(['activated == devices', 'fail']);
    expect(report(ALL).result.verdict).toBe('pass');
    const said = { text: 'activated/devices > 0.99', ok: true, actual: 0.9975 };
    expect(report({ thresholds: [said] }).result.verdict).toBe('pass');
  });

  test('nothing, where the load was not offered as planned and a threshold rests on its figures', () => {
    const { result, checks } = makeLoadReport({ ...EARLIER, thresholds: [WITHHELD] }, OPTIONS);
    expect(result.verdict).toBe('undecided');
    expect(checks.at(-1)).toMatchObject({ id: 'validity', verdict: 'error' });
    expect(result.zh.reasons.join()).toContain('调度延迟 p99 为 71 毫秒，超过 50 毫秒；12 次尝试受本机资源限制而失败');
  });

  test('the account alone, where nothing that was asked rests on figures that cannot be believed', () => {
    const { result, checks } = makeLoadReport(EARLIER, OPTIONS);
    expect(checks.map(({ id }) => id)).toEqual(['activated == devices']);
    expect(result.verdict).toBe(checks[0]?.verdict);
  });

  test('a run that somebody ended early decides nothing; one that a condition of the plan ended does', () => {
    const cut = report({ ...ALL, stopped: 'interrupted' });
    expect(cut.result.verdict).toBe('undecided');
    expect(cut.checks.at(-1)).toMatchObject({ id: 'completeness', verdict: 'error', zh: { because: '运行在结束前被中断' } });
    expect(verifyLoad('report.json', cut)).toEqual([]);
    const ended = report({ ...ALL, stopped: 'refusals reached 5' });
    expect(ended.result.verdict).toBe('pass');
    for (const said of ['refusals reached 5', 'refusals 达到 5', '提前结束']) expect(LOAD_FORMATS.html(ended)).toContain(said);
    expect(LOAD_FORMATS.md(ended)).toContain('Stopped before its time: refusals reached 5');
    expect(stopSaid('60 s are over')['zh-CN']).toBe('已满 60 秒');
    expect(stopSaid('the sky fell')['zh-CN']).toBe('原因见英文：the sky fell');
  });

  test('no device may end in a way that no threshold speaks of', () => {
    const account = (text: string, load: Partial<LoadFigures>): unknown =>
      report({ ...ALL, ...load, thresholds: [{ text, ok: true, actual: 0 }] }).checks.find(({ kind }) => kind === 'account');
    expect(account('refused == 0', { activated: 0, failed: 400 })).toMatchObject({
      id: 'failed == 0, local == 0, aborted == 0',
      verdict: 'fail',
    });
    expect(account('failed < 500', { activated: 0, failed: 400 })).toMatchObject({ verdict: 'pass' });
    expect(account('refused == 0', { activated: 399, local: 1 })).toMatchObject({ verdict: 'error' });
    expect(account('activated > 0', { activated: 1, failed: 399 })).toBeUndefined();
  });

  test('a device that this machine had no room for, or that was called off, leaves open what the platform would have done', () => {
    const account = (load: Partial<LoadFigures>): unknown =>
      report({ ...ALL, ...load }).checks.find(({ id }) => id === 'activated == devices');
    expect(account({ activated: 390, local: 10 })).toMatchObject({ verdict: 'error' });
    expect(account({ activated: 390, aborted: 10, stopped: 'interrupted' })).toMatchObject({ verdict: 'error' });
    expect(account({ activated: 390, aborted: 10, stopped: '60 s are over' })).toMatchObject({ verdict: 'fail' });
    expect(account({ activated: 390, local: 9, refused: 1 })).toMatchObject({ verdict: 'fail' });
  });

  test('an interrupted run has not missed what it would still have counted', () => {
    const missed = (text: string): unknown =>
      report({ ...ALL, stopped: 'interrupted', thresholds: [{ text, ok: false, actual: 3 }] }).checks[0]?.verdict;
    expect(missed('activated == devices')).toBe('error');
    expect(missed('refused == 0')).toBe('fail');
  });

  test('faults of Muster, and a platform that has gone, are no verdict on the platform', () => {
    const cases: [Partial<LoadFigures>, string, RegExp, RegExp][] = [
      [{ platform: { activated: 401 } }, 'platform count', /400 devices say .*counts 401: a fault of Muster/, /平台计数为 401/],
      [{ platform: { activated: 399 } }, 'platform count', /counts 399/, /399/],
      [{ platform: null, uncounted: 'it is gone' }, 'platform count', /could not be taken: it is gone/, /it is gone/],
      [{ workersLost: [{ worker: 1, reason: 'memory', units: 7 }] }, 'workers', /a worker died in mid-run, with 7 devices/, /尚有|7 台/],
    ];
    for (const [load, id, en, zh] of cases) {
      const made = report({ ...ALL, ...load });
      const found = made.checks.find((one) => one.id === id);
      expect([made.result.verdict, found?.verdict]).toEqual(['undecided', 'error']);
      expect(found?.because).toMatch(en);
      expect(found?.zh.because).toMatch(zh);
      expect(verifyLoad('report.json', made)).toEqual([]);
      expect(LOAD_FORMATS.junit(made)).toMatch(/<error/);
    }
  });

  test('a device that was called off after the platform had accepted it is counted by the platform alone', () => {
    const off = { ...ALL, activated: 380, aborted: 19, failed: 1 };
    const miscounted = (activated: number): boolean =>
      report({ ...off, platform: { activated } }).checks.some(({ id }) => id === 'platform count');
    expect([379, 380, 390, 400, 401].map(miscounted)).toEqual([true, false, false, false, true]);
  });

  test('a reason of another version is quoted', () => {
    expect(reasonSaid('the moon was full')).toEqual({ en: 'the moon was full', 'zh-CN': '原因见英文：the moon was full' });
  });
});

describe('a percentile of too few samples', () => {
  const SAMPLES = { p50: 2, p90: 10, p99: 100 };
  const connect = { min: 1, p50: 4.2, p90: 9.75, p99: 41.5, max: 41.5, count: 20 };
  const tooFew = { had: 20, needed: 100 };
  const few = (count = 20): LoadReport =>
    report({
      ...ALL,
      samplesNeeded: SAMPLES,
      latencyMs: { register: null, connect: { ...connect, count }, post: null },
      serviceMs: { register: null, connect: null, post: null },
      thresholds: [{ text: 'p99(connect) < 500ms', ok: null, actual: 41.5, tooFew }],
    });

  test('is not judged, and says how many it takes', () => {
    const made = few();
    expect(made.result.verdict).toBe('undecided');
    expect(made.checks[0]).toMatchObject({
      verdict: 'error',
      because: 'p99(connect) < 500ms: not judged: this percentile takes 100 samples, and there were 20',
      zh: { because: 'p99(connect) < 500ms：不予判定：该百分位至少需要 100 个样本，实际只有 20 个' },
    });
    expect(verifyLoad('report.json', made)).toEqual([]);
  });

  test('is a dash in every file for people; what is honest stands beside it, and what the dash means', () => {
    expect(LOAD_FORMATS.md(few())).toContain('| connect | intended start | 20 | 1 | 4.200 | 9.750 | — | 41.5 |');
    expect(LOAD_FORMATS.md(few(5))).toContain('| connect | intended start | 5 | 1 | 4.200 | — | — | 41.5 |');
    expect(LOAD_FORMATS.md(few(1))).toContain('| connect | intended start | 1 | 1 | — | — | — | 41.5 |');
    expect(loadLines(few()).join('\n')).toContain('p50 4.200, p90 9.750, p99 —, max 41.5 of 20 samples');
    for (const text of [LOAD_FORMATS.md(few()), LOAD_FORMATS.html(few())])
      for (const said of ['a p99 100', 'p99 需要 100 个']) expect(text).toContain(said);
    for (const text of [LOAD_FORMATS.md(few(100)), LOAD_FORMATS.html(few(100)), loadLines(few(100)).join()]) {
      expect(text).not.toContain('too few samples');
      expect(text).toContain('41.5');
    }
  });

  test('is no regression of another run', () => {
    const worse = (count: number): LoadReport =>
      report({ ...ALL, samplesNeeded: SAMPLES, latencyMs: { ...FIGURES.latencyMs, connect: { ...connect, p99: 500, max: 500, count } } });
    const before = report({ ...ALL, samplesNeeded: SAMPLES, latencyMs: { ...FIGURES.latencyMs, connect: { ...connect, count: 500 } } });
    expect([diffLoads(before, worse(20)).regression, diffLoads(before, worse(500)).regression]).toEqual([false, true]);
  });
});

describe('what the platform had no part in', () => {
  const made = report({ ownFaults: 7, throttledProbable: 30, thresholds: [] });

  test('is said beside the account, which stays as it is', () => {
    const { verdict, because, zh } = made.checks[0]!;
    expect(verdict).toBe('fail');
    expect(because).toMatch(
      /1 failed, .*; 7 attempts were broken by the plan's own bad network; 30 connections were closed while the fleet/,
    );
    expect(zh.because).toMatch(/7 次尝试由计划自身的网络故障中断；30 个连接/);
    expect(report({ thresholds: [] }).checks[0]?.because).toMatch(/0 aborted$/);
  });

  test('is in the files', () => {
    for (const said of ['probably throttled: 30', 'bad network of the plan itself: 7']) expect(LOAD_FORMATS.md(made)).toContain(said);
    for (const said of ['data-w="load.throttledProbable"', 'data-w="load.ownFaults"']) expect(LOAD_FORMATS.html(made)).toContain(said);
    expect(LOAD_FORMATS.html(report())).not.toContain('data-w="load.ownFaults"');
  });
});

describe('the files', () => {
  test('are of the family of a conformance run', () => {
    expect(
      loadFiles(FIGURES, OPTIONS)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['ctrf.json', 'junit.xml', 'report.html', 'report.json', 'report.sarif', 'summary.md']);
  });

  test('JUnit has one test a threshold: a missed one fails with what was measured, an unknown one is an error', () => {
    const xml = LOAD_FORMATS.junit(report());
    expect(xml).toContain('<testsuites name="muster-load" time="0.000" tests="5" failures="1" errors="1">');
    expect(xml).toContain('<failure message="failed == 0: measured 1" type="threshold">');
    expect(xml).toContain('<error message="p99(register) &lt; 1s: the run does not say" type="threshold">');
    expect(LOAD_FORMATS.junit(makeLoadReport({ ...EARLIER, thresholds: [WITHHELD] }, OPTIONS))).toContain('type="validity"');
  });

  test('SARIF lists what was missed, and no figure that cannot be believed', () => {
    const log = JSON.parse(LOAD_FORMATS.sarif(report())) as { runs: [{ results: { ruleId: string }[]; invocations: object[] }] };
    expect(log.runs[0].results.map((one) => one.ruleId)).toEqual(['load/threshold']);
    expect(log.runs[0].invocations).toMatchObject([{ executionSuccessful: false, toolExecutionNotifications: [{ level: 'error' }] }]);
  });

  test('the page draws each line within its frame, with a gap where nothing was timed', () => {
    const html = LOAD_FORMATS.html(report());
    const paths = [...html.matchAll(/<path class="line line-[ab]" d="([^"]*)"/g)].map((one) => one[1] ?? '');
    expect(paths.length).toBeGreaterThanOrEqual(8);
    for (const path of paths) {
      const numbers = [...path.matchAll(/[ML]([\d.]+) ([\d.]+)/g)].map((one) => [Number(one[1]), Number(one[2])]);
      expect(numbers.length).toBeGreaterThan(0);
      for (const [x, y] of numbers) expect([x! >= 0 && x! <= 720, y! >= 0 && y! <= 120, path]).toEqual([true, true, path]);
    }
    expect(paths.some((path) => path.split('M').length === 3)).toBe(true);
  });

  test('a bare figure of the page says its column where the columns are gone', () => {
    const html = LOAD_FORMATS.html(report(ALL));
    expect(html).toMatch(/<td><span class="column"><span data-w="load\.p99">p99<\/span> <\/span>41\.5/);
  });

  test.each(Object.keys(LOAD_FORMATS) as (keyof typeof LOAD_FORMATS)[])('%s is made of a run of an earlier version too', (format) => {
    expect(LOAD_FORMATS[format](makeLoadReport(EARLIER, OPTIONS))).not.toMatch(/undefined|NaN/);
  });

  test('what a target answered is text in all of them', () => {
    const hostile = '</script><img src=x> | `x` \u0000 ]]>&';
    const errors = (FIGURES.errors ?? []).map((one) => ({ ...one, kind: hostile, example: { ...one.example, detail: hostile } }));
    const made = makeLoadReport({ ...FIGURES, errors, outcomes: { [hostile]: 1 } }, { ...OPTIONS, target: hostile });
    const html = LOAD_FORMATS.html(made);
    expect(html).not.toContain('<img');
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(LOAD_FORMATS.md(made)).not.toContain('<img');
  });

  test('the terminal names what was asked, the percentiles and the errors', () => {
    const text = loadLines(report()).join('\n');
    expect(text).toContain('fail   failed == 0: measured 1');
    expect(text).toContain('p99 41.5');
    expect(text).toContain('1 connack closed: The target closed the connection');
  });
});

describe('two runs', () => {
  const good = report(ALL);
  test('that are the same are no regression', () => {
    expect(diffLoads(good, good)).toMatchObject({ regression: false, differs: [], changes: [] });
  });

  test('a threshold that fell is one, and one that is decided now is none', () => {
    const fell = report({ ...ALL, thresholds: HELD.map((one) => ({ ...one, ok: false, actual: 612 })) });
    expect(diffLoads(good, fell).regression).toBe(true);
    expect(loadDiffLines(diffLoads(good, fell)).join('\n')).toContain('worse  p99(connect) < 500ms  pass → fail');
    expect(diffLoads(fell, good).regression).toBe(false);
  });

  test('a latency that grew by a share and by more than jitter is one; a small one is none', () => {
    const with99 = (p99: number): LoadReport =>
      report({ ...ALL, latencyMs: { ...FIGURES.latencyMs, connect: { p50: 4.2, p90: 9.75, p99, max: 900 } } });
    expect(diffLoads(with99(40), with99(60)).regression).toBe(true);
    expect(diffLoads(with99(40), with99(46)).regression).toBe(false);
    expect(diffLoads(with99(1), with99(3)).regression).toBe(false);
  });

  test('fewer devices activated is one, and so is a run that cannot be believed any more', () => {
    expect(diffLoads(good, report({ ...ALL, activated: 398, failed: 2 })).regression).toBe(true);
    expect(diffLoads(good, report({ ...ALL, validity: { ok: false, reasons: ['a worker died in mid-run'] } })).regression).toBe(true);
  });

  test('of other loads say so first', () => {
    expect(diffLoads(good, report({ ...ALL, rate: { offered: 200, achieved: 200 } })).differs).toEqual([
      'arrivals a second, offered: 100 → 200',
    ]);
  });
});

describe('a stored one', () => {
  test('as it was made has no problem', () => expect(verifyLoad('report.json', report())).toEqual([]));

  test('whose verdict was written by hand is told', () => {
    const made = report();
    const checks = made.checks.map((one) => ({ ...one, verdict: 'pass' as const }));
    const said = verifyLoad('report.json', { ...made, checks, result: { ...made.result, verdict: 'pass' } }).map(({ what }) => what);
    expect(said.join('\n')).toContain('result.verdict is "pass" in the report, "fail" by its figures');
    expect(said.join('\n')).toContain('the verdict of failed == 0 is "pass"');
  });

  test('whose devices do not add up is told', () => {
    expect(verifyLoad('report.json', report({ failed: 0 })).map(({ what }) => what)).toEqual(['399 devices ended in some way, of 400']);
  });
});
