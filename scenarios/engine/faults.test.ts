// The suite behind a bad network: a CONNACK that takes 3 s, 5 % of the connections reset, a platform that dies in the middle of a case.
// 20 seeds each over every case of a platform in a cell, crowds (`platform/scale/`) with one seed: against the clean run of the first seed
// no verdict moves between pass and fail. What becomes undecided is locked in faults.expected.json; `UPDATE_FAULTS=1` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeCase } from '../judge/judge.ts';
import type { Verdict } from '../judge/verdict.ts';
import type { CaseDefinition } from './case.ts';
import { CASES } from './cases.ts';
import type * as Cell from './cell.ts';
import { dead, dying, losing, slow, type Decorate } from './faults.testkit.ts';
import { judgedClass } from './requirements.ts';
import { countImmediates } from './virtual-time.ts';

const SEEDS = Array.from({ length: 20 }, (_, i) => String(i + 1));
const IN_CELLS = CASES.filter((one) => one.direction === 'platform').filter((one) => one.needs === 'cell');
const SMALL = IN_CELLS.filter((one) => one.limits !== 'off');
const CROWDS = IN_CELLS.filter((one) => one.limits === 'off');
const FILE = new URL('./faults.expected.json', import.meta.url);
const LONG_MS = 300_000;

/** Check (`case#check verdict`, or `case verdict` where a whole case goes) → seeds. */
type Undecided = Record<string, string>;

let runInCell: typeof Cell.runInCell;
const found: Record<string, Undecided> = {};
const clean = new Map<string, readonly Verdict[]>();

beforeAll(async () => {
  countImmediates();
  ({ runInCell } = await import('./cell.ts'));
});

async function verdicts(definition: CaseDefinition, seed: string, decorate?: Decorate): Promise<readonly Verdict[]> {
  const record = await runInCell(definition, { seed, namespace: '0', edition: 'doc2020', ...(decorate ? { decorate } : {}) });
  return judgeCase(record, definition.checks, judgedClass).checks.map((check) => check.verdict);
}

/** Runs cases clean and behind `network`; what moved between pass and fail is returned, what became undecided is kept. */
async function moved(
  name: string,
  cases: readonly CaseDefinition[],
  seeds: readonly string[],
  network: (seed: string, caseId: string) => Decorate,
  nameOf: (definition: CaseDefinition, check: number, verdict: Verdict) => string,
): Promise<string[]> {
  const moves: string[] = [];
  const undecided = new Map<string, Set<string>>();
  for (const seed of seeds) {
    for (const definition of cases) {
      const key = `${seed} ${definition.id}`;
      const before = clean.get(definition.id) ?? (await verdicts(definition, SEEDS[0] as string));
      clean.set(definition.id, before);
      const after = await verdicts(definition, seed, network(seed, definition.id));
      for (const [i, verdict] of after.entries()) {
        if (verdict === before[i]) continue;
        const check = nameOf(definition, i, verdict);
        if (verdict === 'inconclusive' || verdict === 'error') undecided.set(check, (undecided.get(check) ?? new Set()).add(seed));
        else moves.push(`${key}#${definition.checks[i]?.id ?? '?'} from ${before[i] ?? '?'} to ${verdict}`);
      }
    }
  }
  found[name] = Object.fromEntries(
    [...undecided]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([check, when]) => [check, when.size === seeds.length ? 'all' : [...when].join(' ')]),
  );
  return moves;
}

const byCheck = (one: CaseDefinition, check: number, verdict: Verdict): string => `${one.id}#${one.checks[check]?.id ?? '?'} ${verdict}`;
const byCase = (one: CaseDefinition, _check: number, verdict: Verdict): string => `${one.id} ${verdict}`;

describe('no verdict moves between pass and fail', () => {
  test(
    'when a CONNACK takes 3 s',
    async () => {
      expect(await moved('slow', SMALL, SEEDS, slow, byCheck)).toEqual([]);
      expect(Object.values(found['slow'] ?? {})).not.toContain('');
    },
    LONG_MS,
  );

  test(
    'when 5 % of the connections are reset',
    async () => {
      expect(await moved('losing', SMALL, SEEDS, losing, byCheck)).toEqual([]);
      expect(Object.keys(found['losing'] ?? {}).length).toBeGreaterThan(0);
    },
    LONG_MS,
  );

  test.each([
    ['resets', SEEDS.filter((_, i) => i % 2 === 0)],
    ['silent', SEEDS.filter((_, i) => i % 2 === 1)],
  ] as const)(
    'when the platform dies in mid-case (%s)',
    async (how, seeds) => {
      expect(await moved(`dying, ${how}`, SMALL, seeds, (seed, caseId) => dying(how, seed, caseId), byCase)).toEqual([]);
    },
    LONG_MS,
  );

  // The cases after the one in which it died.
  test.each(['resets', 'silent'] as const)('when the platform is dead from the start (%s)', async (how) => {
    expect(await moved(`dead, ${how}`, SMALL, ['1'], () => dead(how), byCase)).toEqual([]);
  });

  test(
    'of a crowd either',
    async () => {
      expect(await moved('crowds, losing', CROWDS, ['1'], losing, byCheck)).toEqual([]);
      expect(await moved('crowds, slow', CROWDS, ['1'], slow, byCheck)).toEqual([]);
    },
    LONG_MS,
  );
});

test('what becomes undecided is what is expected', () => {
  const text = `${JSON.stringify(found, null, 1)}\n`;
  if (process.env.UPDATE_FAULTS) writeFileSync(FILE, text);
  expect(found).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
});

afterAll(() => clean.clear());
