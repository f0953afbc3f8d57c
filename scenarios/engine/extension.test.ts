// A user's case: read with the first fault named, judged by its own rules, and unable to say anything of ours.
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Drive as PublishedDrive, Outcome as PublishedOutcome } from '../../types/case.d.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { CaseRecord } from '../judge/record.ts';
import type { RunContext } from '../judge/results.ts';
import type { Drive } from './case.ts';
import { CASES } from './cases.ts';
import { faultOfArgs } from './extension-args.ts';
import { readExtension, type Extension } from './extension.ts';
import { runSuite, type SuiteResult } from './suite.ts';

const check = { id: 'one', rule: 'ACME-01', class: 'M', oracle: 'factIs', on: { span: 'note', fact: 'ok', is: true } };
const good = {
  id: 'acme/one',
  title: { en: 'One', 'zh-CN': '一' },
  profiles: ['nwl'],
  checks: [check],
  drive: () => Promise.resolve(),
};

function extension(exported: unknown): Extension {
  const read = readExtension(exported);
  if (!read.ok) throw new Error(`${read.place} ${read.why}`);
  return read.extension;
}

test('what is published of the verbs is what a case is given', () => {
  expectTypeOf<Drive>().toExtend<PublishedDrive>();
  expectTypeOf<Outcome>().toExtend<PublishedOutcome>();
});

describe('reading', () => {
  test('takes a whole case', () => {
    const { definition, classes } = extension(good);
    expect(definition).toMatchObject({ id: 'acme/one', direction: 'platform', needs: 'cell' });
    expect([...classes]).toEqual([['ACME-01', 'M']]);
  });

  test('knows the arguments of every check of ours', () => {
    const faults = CASES.flatMap(({ id, checks }) =>
      checks.map(({ id: check, oracle, on }) => [id, check, faultOfArgs(oracle, { ...on })]),
    );
    expect(faults.filter(([, , fault]) => fault !== undefined)).toEqual([]);
  });

  test.each([
    ['nothing exported', undefined, 'the default export', 'is missing'],
    ['an id of ours', { ...good, id: 'platform/nwl/five-units' }, 'id', 'prefix of its own'],
    ['an id without a prefix', { ...good, id: 'one' }, 'id', 'prefix/name'],
    ['one language', { ...good, title: { en: 'One' } }, 'title.zh-CN', 'is missing'],
    ['no drive', { ...good, drive: 1 }, 'drive', 'is a function'],
    ['no check', { ...good, checks: [] }, 'checks', 'is empty'],
    ['a rule of ours', { ...good, checks: [{ ...check, rule: 'RULE-39' }] }, 'checks.0.rule', 'RULE- and DEV- are ours'],
    ['an oracle that nobody wrote', { ...good, checks: [{ ...check, oracle: 'magic' }] }, 'checks.0.oracle', 'is not what belongs here'],
    ['two checks of one id', { ...good, checks: [check, check] }, 'checks', 'two checks of one id'],
    ['two classes of one rule', { ...good, checks: [check, { ...check, id: 'two', class: 'S' }] }, 'checks.1.class', 'says S of ACME-01'],
    [
      'an argument that the oracle does not take',
      { ...good, checks: [{ ...check, on: { ...check.on, spam: 'note' } }] },
      'checks.0.on.spam',
      'is no key of this oracle: factIs takes span, fact, is (case acme/one, check one)',
    ],
    [
      'an argument that is misspelt: the wrong key is what is named',
      { ...good, checks: [{ ...check, oracle: 'refused', on: { atempt: 'a', control: 'b', alive: 'c' } }] },
      'checks.0.on.atempt',
      'refused takes attempt, control, alive and, where wanted, code',
    ],
    [
      'an argument that is missing',
      { ...good, checks: [check, { ...check, id: 'two', oracle: 'refused', on: { attempt: 'a', control: 'b' } }] },
      'checks.1.on.alive',
      'is missing: refused takes attempt, control, alive and, where wanted, code (case acme/one, check two)',
    ],
    [
      'an argument of another kind',
      { ...good, checks: [{ ...check, oracle: 'answers', on: { attempts: 'one' } }] },
      'checks.0.on.attempts',
      'is not a list of names of spans',
    ],
    [
      'a number written as text',
      { ...good, checks: [{ ...check, oracle: 'endedByPlatform', on: { span: 'watch', notAfter: '15000' } }] },
      'checks.0.on.notAfter',
      'is not a number',
    ],
    ['a key that is no key', { ...good, direction: 'firmware' }, 'direction', 'is not a key of a case'],
  ])('refuses %s', (_what, exported, place, why) => {
    const read = readExtension(exported);
    expect(read).toMatchObject({ ok: false, place });
    expect(read.ok ? '' : read.why).toContain(why);
  });
});

describe('in a run', () => {
  const context: RunContext = {
    subject: { name: 't', kind: 'platform', endpoints: [], administrator: 'none', paceMs: 0, destructiveAllowed: false },
    environment: () => ({ runner: 'node', runtime: '', system: '', jobs: 1, startedAt: null, endedAt: null }),
    attestations: () => [],
  };
  const noted = (id: string, ok: boolean): CaseRecord => ({
    case: id,
    seed: '1',
    fault: null,
    spans: [{ name: 'note', unit: null, verb: 'operator', startedAt: 0, endedAt: 0, outcome: null, facts: { ok }, events: [] }],
  });
  const run = (extensions: readonly Extension[], ok: boolean): Promise<SuiteResult> =>
    runSuite({
      direction: 'platform',
      cases: CASES.filter((one) => one.direction === 'platform').slice(0, 2),
      extensions,
      partial: false,
      profiles: ['nwl'],
      context,
      edition: 'doc2020',
      seed: '1',
      namespace: '0',
      version: '0',
      jobs: 1,
      run: ({ id }) =>
        Promise.resolve(
          id.startsWith('acme/')
            ? { kind: 'ran', record: noted(id, ok), clock: 'virtual' }
            : { kind: 'not-run', why: { en: 'not here', 'zh-CN': '不在此处' } },
        ),
    });

  test('it is judged by its own rules and counted apart', async () => {
    const without = (await run([], true)).findings;
    const { findings, exit } = await run([extension(good)], false);
    expect(findings.extensions).toMatchObject([{ id: 'acme/one', verdict: 'fail' }]);
    expect(exit).toBe('not-conformant');
    const { extensions: _, ...ours } = findings;
    const { extensions: __, ...oursWithout } = without;
    expect(ours).toEqual(oursWithout);
  });

  test('a SHOULD of its own warns, and leaves the exit code alone', async () => {
    const should = extension({ ...good, checks: [{ ...check, class: 'S' }] });
    const { findings, exit } = await run([should], false);
    expect(findings.extensions).toMatchObject([{ verdict: 'warn' }]);
    expect(exit).toBe('undetermined');
  });
});
