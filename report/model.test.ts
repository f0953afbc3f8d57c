// The report says what decides in both languages, whatever decided it.
import { expect, test } from 'vitest';
import type { RunFindings } from '../scenarios/judge/results.ts';
import { rollUp, NEVER_ACCEPTED } from '../scenarios/judge/rollup.ts';
import { makeReport } from './model.ts';

const RULES = [{ id: 'RULE-16', class: 'M' as const }];

function findings(more: Partial<RunFindings>): RunFindings {
  return {
    about: {
      version: '0',
      direction: 'platform',
      target: 'stub',
      edition: 'doc2020',
      profiles: ['prereg'],
      seed: '1',
      namespace: '0',
      requirementSet: 'muster-0/doc2020/prereg',
    },
    subject: { name: 'stub', kind: 'embedded-stub', endpoints: [], administrator: 'stub', paceMs: 0, destructiveAllowed: true },
    environment: { runner: 'node', runtime: 'v20', system: 'linux', jobs: 1, startedAt: null, endedAt: null },
    attestations: [],
    partial: false,
    cases: [],
    extensions: [],
    notCovered: [],
    profilesNotJudged: [],
    ...rollUp([], RULES, false),
    ...more,
  };
}

const report = (more: Partial<RunFindings> = {}) => makeReport(findings(more), { text: '', lines: 0, sha256: '0' });

test.each([
  ['conformant', 'stub is conformant with', '“符合”'],
  ['not-conformant', 'stub is not conformant with', '“不符合”'],
  ['undetermined', 'stub is undetermined with', '“未定”'],
] as const)('the headline of a run that is %s', (conformance, en, zh) => {
  const { result } = report({ conformance });
  expect(result.headline).toContain(en);
  expect(result.zh.headline).toContain(zh);
  expect(result.zh.headline).toContain('stub 对 muster-0/doc2020/prereg 的判定');
});

test('reasons and what is out of scope are as many in Chinese as in English', () => {
  const { result, outOfScope, zh } = report({ reasons: [NEVER_ACCEPTED, ...rollUp([], RULES, false).reasons] });
  expect(result.reasons).toEqual(['never-accepted: no attempt of the whole run succeeded', 'not decided: RULE-16 (not_run)']);
  expect(result.zh.reasons).toEqual(['never-accepted：整个运行中没有一次尝试成功', '尚未判定：RULE-16（未运行）']);
  expect(zh.outOfScope).toHaveLength(outOfScope.length);
  for (const words of zh.outOfScope) expect(words).toMatch(/\p{Script=Han}/u);
});
