// The suite against the stub and against every mutant, in cells of this thread. The engine is imported after immediates are counted, as in
// the workers: libraries keep the function that they find.
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseTranscript, transcriptOf } from '../../report/transcript.ts';
import { POLICY_RULES, withEntry } from '../../platform-stub/core/policy.ts';
import { judgeCase } from '../judge/judge.ts';
import type { CaseRecord } from '../judge/record.ts';
import { ruleOf, RULES } from '../rules/catalogue.ts';
import type * as Mutants from '../mutants/all.ts';
import type { SIDE_EFFECTS } from '../mutants/side-effects.ts';
import type { CaseDefinition } from './case.ts';
import type { CellAgent, CellRequest } from './cell-agent.ts';
import { CASES } from './cases.ts';
import { judgedClass, requirementSet } from './requirements.ts';
import { countImmediates } from './virtual-time.ts';

let cells: CellAgent;
let mutants: typeof Mutants;
let sideEffects: typeof SIDE_EFFECTS;

beforeAll(async () => {
  countImmediates();
  cells = (await import('./cell-agent.ts')).cellAgent;
  mutants = await import('../mutants/all.ts');
  sideEffects = (await import('../mutants/side-effects.ts')).SIDE_EFFECTS;
});

const IN_CELLS = CASES.filter((one) => one.needs === 'cell');
const EDITION = 'doc2020';

const run = (definition: CaseDefinition, more: Partial<CellRequest> = {}): Promise<CaseRecord> =>
  cells.run({ caseId: definition.id, seed: '1', namespace: '0', edition: EDITION, ...more });

/** Runs that nothing makes unusual, once for all tests. */
const usual = new Map<string, Promise<CaseRecord>>();
function runUsual(definition: CaseDefinition): Promise<CaseRecord> {
  const found = usual.get(definition.id) ?? run(definition);
  usual.set(definition.id, found);
  return found;
}

const judge = (definition: CaseDefinition, record: CaseRecord) => judgeCase(record, definition.checks, judgedClass);

// Crowds take seconds each, and longer where the machine has more to do.
describe('every case', { timeout: 120_000 }, () => {
  test.each(IN_CELLS.map((one) => [one.id, one] as const))('%s passes on the stub', async (_id, definition) => {
    const record = await runUsual(definition);
    const verdict = judge(definition, record);
    expect(verdict.checks.filter((check) => check.verdict !== 'pass')).toEqual([]);
    expect(verdict.verdict).toBe('pass');
    expect(record.fault).toBeNull();
  });

  test.each(IN_CELLS.map((one) => [one.id, one] as const))(
    '%s is the same to the byte: twice, and with 20 turns of delay on every hop',
    async (_id, definition) => {
      const record = JSON.stringify(await runUsual(definition));
      expect(JSON.stringify(await run(definition))).toBe(record);
      expect(JSON.stringify(await run(definition, { extraTurns: 20 }))).toBe(record);
    },
  );

  test.each(IN_CELLS.map((one) => [one.id, one] as const))('%s says the same of another seed, in other bytes', async (_id, definition) => {
    const one = await runUsual(definition);
    const other = await run(definition, { seed: '2' });
    expect(JSON.stringify(other.spans)).not.toBe(JSON.stringify(one.spans));
    expect(judge(definition, other).verdict).toBe('pass');
  });

  test.each(['doc2021', 'doc2023'] as const)('passes in edition %s too: only readings may differ', async (edition) => {
    // Crowds take seconds each, and speak of nothing that an edition leaves open.
    for (const definition of IN_CELLS.filter((one) => !one.id.startsWith('platform/scale/'))) {
      const verdict = judge(definition, await run(definition, { edition }));
      expect([definition.id, verdict.checks.filter((check) => check.verdict !== 'pass')]).toEqual([definition.id, []]);
    }
  });

  test('stored evidence is judged to the same verdict', async () => {
    const records: CaseRecord[] = [];
    for (const definition of IN_CELLS) records.push(await runUsual(definition));
    const about = {
      version: '0',
      direction: 'platform',
      target: 't',
      edition: EDITION,
      profiles: [],
      seed: '1',
      namespace: '0',
      requirementSet: 'x',
    } as const;
    const { text } = transcriptOf(
      about,
      records.map((record) => ({ record, clock: 'virtual' })),
    );
    const read = parseTranscript(text);
    expect(read.fault).toBeUndefined();
    expect(read.cases.map((one) => one.record)).toEqual(records);
    for (const [i, definition] of IN_CELLS.entries()) {
      expect(judge(definition, read.cases[i]?.record as CaseRecord)).toEqual(judge(definition, records[i] as CaseRecord));
    }
    expect(parseTranscript(text.slice(0, -30)).fault).toMatch(/no footer/);
    expect(parseTranscript(text.replace('"unit"', '"unti"')).fault).toMatch(/does not match/);
  });

  test('its checks speak of rules of the catalogue that are judged as they say', () => {
    for (const definition of CASES) {
      const ids = definition.checks.map((check) => check.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const check of definition.checks) {
        const rule = ruleOf(check.rule);
        expect(rule, `${definition.id}#${check.id}`).toBeDefined();
        // Of a rule of class R every check is a reading.
        expect(['M', 'S', 'R']).toContain(rule?.class);
      }
    }
  });
});

test('the stub enforces every MUST and SHOULD about a platform, each in one entry of its policy', () => {
  const judged = RULES.filter((rule) => rule.actor === 'platform' && (rule.class === 'M' || rule.class === 'S')).map((rule) => rule.id);
  expect([...POLICY_RULES].sort()).toEqual(judged.sort());
});

describe('every mutant', () => {
  /** Rows of docs/kill-matrix.md: which rule a mutant breaks, and which checks found it. test/mutants/ makes the page anew. */
  const rows = readFileSync(new URL('../../docs/kill-matrix.md', import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, mutant, rule, , killers = ''] = line.split(' | ').length === 5 ? ['', ...line.slice(2).split(' | ')] : [];
      return mutant?.startsWith('`') ? [{ rule, killers }] : [];
    });
  const killed = new Set(rows.map((row) => row.rule));

  // No rule of its own says that a signature counts at all; RULE-04 is where the stub compares it.
  test('apart: where signatures are not compared, every sign-in by a foreign secret turns red', async () => {
    const { runInCell } = await import('./cell.ts');
    const definition = CASES.find((one) => one.id === 'platform/auth/credential-confusion') as CaseDefinition;
    const policy = withEntry('RULE-04', () => true);
    const verdict = judge(definition, await runInCell(definition, { seed: '1', namespace: '0', edition: EDITION, policy }));
    const red = verdict.checks.filter((check) => check.verdict === 'fail').map((check) => check.id);
    expect(red).toEqual(expect.arrayContaining(['connect-by-product-secret', 'replayed-as-sign-in', 'a-not-activated']));
  });

  test('is judged as a right platform by a case that never asks for its lie, which is what a run of it would be judged', async () => {
    for (const { id } of IN_CELLS.filter((one) => one.direction === 'platform' && one.limits !== 'off')) {
      const request = { caseId: id, seed: '1', namespace: '0', edition: EDITION, mutant: 'no-cap' } as const;
      const { verdict, checks } = judge(CASES.find((one) => one.id === id) as CaseDefinition, await cells.run(request));
      const said = checks.map((check) => ({ id: check.id, rule: check.rule, verdict: check.verdict }));
      expect(await cells.judge(request)).toEqual({ case: id, verdict, checks: said });
    }
  });

  test('kills every case that judges: each has a mutant of one of its rules that turns it red', () => {
    const killers = rows.map((row) => row.killers).join();
    for (const { id, checks } of IN_CELLS.filter((one) => one.checks.some((check) => !check.reading)))
      expect([id, checks.length > 0 && killers.includes(`${id.replace(/^(platform|firmware)\//, '')}#`)]).toEqual([id, true]);
  });

  test('each listed side effect is a mutant and a case that exist', () => {
    const ids = new Set([...mutants.PLATFORM_MUTANTS, ...mutants.FIRMWARE_MUTANTS].map((one) => one.id));
    for (const [mutant, cases] of Object.entries(sideEffects)) {
      expect(ids).toContain(mutant);
      for (const id of Object.keys(cases)) if (id !== '*') expect(CASES.map((one) => one.id)).toContain(id);
    }
  });

  // A locked file: what a version requires never changes unseen. `UPDATE_REQUIREMENTS=1` writes it anew.
  test('stands behind the requirement set of this version', () => {
    const file = new URL('../rules/requirement-sets/doc2020.json', import.meta.url);
    const set = (['platform', 'firmware'] as const).map((direction) => {
      const { rules, notCovered } = requirementSet(direction, ['prereg', 'nwl', 'operator', 'https']);
      const proven = rules.map((rule) => ({
        ...rule,
        checks: CASES.filter((one) => one.direction === direction).flatMap((one) =>
          one.checks.filter((check) => check.rule === rule.id && !check.reading).map((check) => `${one.id}#${check.id}`),
        ),
      }));
      return { direction, rules: proven, notCovered };
    });
    const text = `${JSON.stringify(set, null, 2)}\n`;
    if (process.env.UPDATE_REQUIREMENTS) writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
    const provenElsewhere = ['RULE-02'];
    for (const { rules } of set) {
      for (const rule of rules) if (!provenElsewhere.includes(rule.id)) expect([...killed]).toContain(rule.id);
    }
  });
});
