// A stored run is verified as it was written, and not in any other way.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { FORMATS } from './formats.ts';
import { reportDigest, type Report } from './model.ts';
import { ownCase, runSample, type Sample, type SampleOptions } from './sample.testkit.ts';
import { parseTranscript, transcriptOf } from './transcript.ts';
import { verifyRun, type Verification } from './verify.ts';
import type { JudgingVersion } from './verify-rebuild.ts';

let judging: JudgingVersion;
const samples = new Map<string, Sample>();
const SAMPLES: Readonly<Record<string, SampleOptions>> = {
  'the stub': { only: 'platform/nwl/' },
  'a mutant': { only: 'platform/nwl/', mutant: 'no-cap' },
  'a selection': { only: 'platform/registration/', partial: true },
  'a target that claims little': { only: 'platform/nwl/', profiles: ['nwl', 'https'] },
  'a run in which nothing was accepted': { only: 'platform/nwl/', refusesAll: true },
  'a device': { direction: 'firmware' },
  'a run with a case of the user': { only: 'platform/nwl/five', own: true },
};

beforeAll(async () => {
  for (const [name, options] of Object.entries(SAMPLES)) samples.set(name, await runSample(options));
  const { CASES } = await import('../scenarios/engine/cases.ts');
  const { judgedClass, judgedProfiles, requirementSet } = await import('../scenarios/engine/requirements.ts');
  judging = { version: '0.1.0', cases: CASES, classOf: judgedClass, judgedProfiles, requirementSet };
}, 120_000);

const sample = (name = 'the stub'): Sample => {
  const found = samples.get(name);
  if (!found) throw new Error(`no sample ${name}`);
  return found;
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const verify = (report: Uint8Array, transcript: Uint8Array, by = judging): Verification =>
  verifyRun({ name: 'report.json', bytes: report }, { name: 'transcript.jsonl', bytes: transcript }, by);
const textOf = (report: Report): string => FORMATS.json.render(report);
const said = ({ problems }: Verification): string => problems.map(({ where, what }) => `${where}: ${what}`).join('\n');
/** The report changed by a hand that knows how a footer is made. */
const forged = (report: Report, change: (draft: Report) => Report): string => {
  const draft = change(structuredClone(report));
  return textOf({ ...draft, footer: { sha256: reportDigest(draft) } });
};
const seal = (one: Report, transcript: { lines: number; sha256: string }): Report => ({
  ...one,
  transcript: { ...one.transcript, lines: transcript.lines, sha256: transcript.sha256 },
});

describe('a run as it was written', () => {
  test.each(Object.keys(SAMPLES))('%s is verified', (name) => {
    const { report, transcript } = sample(name);
    const found = verify(bytes(textOf(report)), bytes(transcript.text));
    expect(said(found)).toBe('');
    expect(found.judged).toBe(report.cases.filter((one) => one.clock !== null).length);
    expect(found.judged).toBeGreaterThan(0);
  });

  test('is verified with its report laid out anew, and with its keys in another order', () => {
    const { report, transcript } = sample();
    const reversed = Object.fromEntries(Object.entries(report).reverse());
    expect(said(verify(bytes(JSON.stringify(reversed)), bytes(transcript.text)))).toBe('');
  });

  test("judges a case of the user's again where its module is at hand, and names its checks where it is not", async () => {
    const { report, transcript } = sample('a run with a case of the user');
    const own = await ownCase();
    const judges = { ...judging, own: new Map([[own.definition.id, own]]) };
    const without = verify(bytes(textOf(report)), bytes(transcript.text));
    const found = verify(bytes(textOf(report)), bytes(transcript.text), judges);
    expect([said(without), said(found)]).toEqual(['', '']);
    expect([without.notJudged, found.notJudged]).toEqual([own.definition.checks.map(({ id }) => `acme/data/keeps-posting#${id}`), []]);
    expect(found.judged).toBe(without.judged + 1);
    // A verdict that was written by hand is believed only where nothing can be judged.
    const better = forged(report, (draft) => ({
      ...draft,
      extensions: draft.extensions.map((one) => ({
        ...one,
        verdict: 'fail' as const,
        checks: one.checks.map((check) => ({ ...check, verdict: 'fail' as const })),
      })),
    }));
    expect(said(verify(bytes(better), bytes(transcript.text)))).toBe('');
    expect(said(verify(bytes(better), bytes(transcript.text), judges))).toContain(
      'case acme/data/keeps-posting, check tenth-post: verdict is "fail" in the report, "pass" by the evidence',
    );
  });

  test('of another version is added up, and says that it was not judged again', () => {
    const { report, transcript } = sample();
    const found = verify(bytes(textOf(report)), bytes(transcript.text), { ...judging, version: '9.9.9' });
    expect(said(found)).toBe('');
    expect(found.judged).toBe(0);
    expect(found.notes.join()).toContain('version 0.1.0, this is 9.9.9');
    const better = forged(report, (draft) => ({ ...draft, result: { ...draft.result, conformance: 'conformant' } }));
    expect(said(verify(bytes(better), bytes(transcript.text), { ...judging, version: '9.9.9' }))).toContain('result.conformance');
  });
});

describe('a single byte changed', () => {
  const position = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const changed = (text: string, at: number, by: number): Uint8Array => {
    const all = bytes(text);
    const place = Math.floor(at * all.length);
    all[place] = ((all[place] ?? 0) + by) % 256;
    return all;
  };

  test('in the report is found, unless the report says the same', () => {
    const { report, transcript } = sample('a mutant');
    const evidence = bytes(transcript.text);
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, by) => {
        const broken = changed(textOf(report), at, by);
        const { problems } = verify(broken, evidence);
        if (problems.length > 0) return;
        expect(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(broken))).toEqual(report);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  test('in the transcript is found, with its line', () => {
    const { report, transcript } = sample('a mutant');
    const whole = bytes(textOf(report));
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, by) => {
        const broken = changed(transcript.text, at, by);
        const place = Math.floor(at * broken.length);
        const line =
          bytes(transcript.text)
            .subarray(0, place)
            .filter((byte) => byte === 0x0a).length + 1;
        const { problems } = verify(whole, broken);
        // A line feed that is gone joins two lines: the first of them is named.
        expect(problems.map(({ where }) => where)).toContain(`transcript.jsonl:${line}`);
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});

test('bytes that stand for no character are not read as one that does', () => {
  const { report, transcript } = sample();
  const text = forged(report, (draft) => ({ ...draft, environment: { ...draft.environment, runtime: '\uFFFD' } }));
  const whole = bytes(text);
  expect(said(verify(whole, bytes(transcript.text)))).toBe('');
  // Decoded leniently, these three bytes are U+FFFD again.
  const at = whole.indexOf(0xef);
  whole[at] = 0xf0;
  const line = text.slice(0, text.indexOf('\uFFFD')).split('\n').length;
  expect(said(verify(whole, bytes(transcript.text)))).toBe(`report.json:${line}: it is not UTF-8: a byte was changed or lost`);
});

describe('what was changed is named', () => {
  test('a verdict, with its line, case and check', () => {
    const { report, transcript } = sample('a mutant');
    const at = report.cases.findIndex((one) => one.verdict === 'fail');
    const one = report.cases[at];
    const check = one?.checks.find(({ verdict }) => verdict === 'fail');
    const text = forged(report, (draft) => ({
      ...draft,
      cases: draft.cases.map((each) => ({
        ...each,
        checks: each.checks.map((every) => (every.id === check?.id && each.id === one?.id ? { ...every, verdict: 'pass' } : every)),
      })),
    }));
    const found = said(verify(bytes(text), bytes(transcript.text)));
    expect(found).toMatch(/^report\.json:\d+: case /);
    expect(found).toContain(`case ${one?.id ?? ''}, check ${check?.id ?? ''}: verdict is "pass" in the report, "fail" by the evidence`);
    const line = Number(/^report\.json:(\d+)/.exec(found)?.[1]);
    expect(text.split('\n')[line - 1]).toContain('"verdict": "pass"');
  });

  test.each([
    [
      'the result',
      (draft: Report) => ({ ...draft, result: { ...draft.result, conformance: 'conformant' as const } }),
      'result.conformance',
    ],
    ['a rule that is left out', (draft: Report) => ({ ...draft, rules: draft.rules.slice(1) }), 'rules'],
    ['a case that is left out', (draft: Report) => ({ ...draft, cases: draft.cases.slice(1) }), 'missing from a run that was of all'],
    [
      'a profile that is not claimed any more',
      (draft: Report) => ({ ...draft, profiles: draft.profiles.slice(1) }),
      'which the target does not claim',
    ],
    ['a selection that is called whole', (draft: Report) => ({ ...draft, result: { ...draft.result, partial: true } }), 'result.reasons'],
    ['the seed', (draft: Report) => ({ ...draft, seed: '2' }), 'seed is "2", the header of the evidence says "1"'],
    [
      'a sentence in Chinese',
      (draft: Report) => ({ ...draft, result: { ...draft.result, zh: { headline: '符合', reasons: [] } } }),
      'zh.headline',
    ],
    [
      'a time',
      (draft: Report) => ({
        ...draft,
        cases: draft.cases.map((one) => ({ ...one, steps: one.steps.map((step) => ({ ...step, ms: 1 })) })),
      }),
      'ms is 1',
    ],
  ])('%s, whoever made the footer', (_what, change, words) => {
    const { report, transcript } = sample('a mutant');
    expect(said(verify(bytes(forged(report, change)), bytes(transcript.text)))).toContain(words);
  });

  test('evidence that was changed and sealed again gives other verdicts', () => {
    const { report, result } = sample('a mutant');
    const records = result.records.map((one) => ({
      ...one,
      record: {
        ...one.record,
        spans: one.record.spans.map((span) =>
          span.name.startsWith('sixth')
            ? { ...span, outcome: { kind: 'refused' as const, by: 'connack' as const, code: 4 }, events: [] }
            : span,
        ),
      },
    }));
    const transcript = transcriptOf(result.findings.about, records);
    const text = forged(report, (draft) => seal(draft, transcript));
    expect(said(verify(bytes(text), bytes(transcript.text)))).toMatch(
      /case platform\/nwl\/sixth-unit, check [^ ]+: verdict is "fail" in the report/,
    );
  });

  test('evidence of another run, and evidence that is missing', () => {
    const { report, result, transcript } = sample();
    const other = transcriptOf({ ...result.findings.about, seed: '2' }, result.records);
    expect(said(verify(bytes(textOf(report)), bytes(other.text)))).toContain('it is about other evidence than transcript.jsonl');
    const fewer = transcriptOf(result.findings.about, result.records.slice(1));
    const text = forged(report, (draft) => seal(draft, fewer));
    expect(said(verify(bytes(text), bytes(fewer.text)))).toContain('says that it ran, but has no evidence');
    expect(parseTranscript(transcript.text).fault).toBeUndefined();
  });

  test('what only the report says, as one of a few', () => {
    const { report, transcript } = sample();
    const draft: Report = { ...report, environment: { ...report.environment, runtime: 'v99' } };
    expect(said(verify(bytes(textOf(draft)), bytes(transcript.text)))).toContain('in what it alone says: subject, environment');
  });
});

describe('files that are no run', () => {
  test.each([
    ['a report that was cut off', (text: string) => text.slice(0, text.length / 2), 'it is not JSON'],
    ['nothing', () => '', 'it is not JSON'],
    ['a report of another format', (text: string) => text.replace('muster-report/1', 'muster-report/9'), 'of format muster-report/9'],
    ['another document', () => '[1, null]', 'of no format'],
    ['null', () => 'null', 'of no format'],
    ['a report without a footer', (text: string) => text.replace(/,\s*"footer": \{[^}]*\}/, ''), 'has no footer'],
    ['a verdict of another word', (text: string) => text.replace('"verdict": "pass"', '"verdict": "passed"'), '.verdict: '],
  ])('%s is said in one line', (_what, change, words) => {
    const { report, transcript } = sample();
    expect(said(verify(bytes(change(textOf(report))), bytes(transcript.text)))).toContain(words);
  });

  test.each([
    ['a transcript that was cut off', (text: string) => text.slice(0, text.length / 2), 'it was cut off'],
    ['a transcript without its last line', (text: string) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`, 'it was cut off'],
    ['nothing', () => '', 'it was cut off'],
    ['a line added', (text: string) => text.replace('\n', '\n{}\n'), 'transcript.jsonl:2: '],
    ['a line feed added', (text: string) => `${text}\n`, 'transcript.jsonl:'],
  ])('%s is said in one line', (_what, change, words) => {
    const { report, transcript } = sample();
    expect(said(verify(bytes(textOf(report)), bytes(change(transcript.text))))).toContain(words);
  });
});
