// The suite with the session for load, in cells of this thread: every case ends with the verdicts of the reference session. The engine is
// imported after immediates are counted, as in the workers.
import { beforeAll, describe, expect, test } from 'vitest';
import { judgeCase } from '../judge/judge.ts';
import type { CaseRecord, StoredEvent } from '../judge/record.ts';
import type { CaseDefinition } from './case.ts';
import type { CellAgent, CellRequest } from './cell-agent.ts';
import { CASES } from './cases.ts';
import { judgedClass } from './requirements.ts';
import { countImmediates } from './virtual-time.ts';

let cells: CellAgent;

beforeAll(async () => {
  countImmediates();
  cells = (await import('./cell-agent.ts')).cellAgent;
});

const IN_CELLS = CASES.filter((one) => one.needs === 'cell');

const run = (definition: CaseDefinition, session: CellRequest['session']): Promise<CaseRecord> =>
  cells.run({ caseId: definition.id, seed: '1', namespace: '0', edition: 'doc2020', ...(session ? { session } : {}) });

const judged = (definition: CaseDefinition, record: CaseRecord) =>
  judgeCase(record, definition.checks, judgedClass).checks.map(({ id, verdict }) => [id, verdict]);

/** What spoke on each connection that a device opened. */
const sessions = (record: CaseRecord): unknown[] =>
  record.spans.flatMap(({ events }) => events.flatMap((event: StoredEvent) => (event.kind === 'opened' ? [event.session] : [])));

/** What each device wrote, in order. */
function written(record: CaseRecord): Record<string, unknown[]> {
  const units: Record<string, unknown[]> = {};
  for (const { unit, events } of record.spans) {
    for (const event of events) {
      if (event.kind === 'packet' && event.dir === 'out') (units[unit ?? ''] ??= []).push([event.conn, event.hex]);
    }
  }
  return units;
}

/** Which of `some` are not in `all`, in order: MQTT.js writes a moment later than it is told, in the next span or in none. */
function missing(some: readonly unknown[], all: readonly unknown[]): unknown[] {
  const rest = all.map((one) => JSON.stringify(one));
  return some.filter((one) => {
    const at = rest.indexOf(JSON.stringify(one));
    return at < 0 || rest.splice(0, at + 1).length === 0;
  });
}

const ended = (record: CaseRecord): unknown[] => record.spans.map(({ name, outcome, facts }) => [name, outcome?.kind, facts]);

describe.each(IN_CELLS.map((one) => [one.id, one] as const))('%s', (_id, definition) => {
  test('has the same verdicts with either session, by the same packets', async () => {
    const [reference, lean] = [await run(definition, 'reference'), await run(definition, 'lean')];
    expect(judged(definition, lean)).toEqual(judged(definition, reference));
    expect(lean.fault).toBeNull();
    for (const [unit, packets] of Object.entries(written(reference))) expect(missing(packets, written(lean)[unit] ?? [])).toEqual([]);
    expect(ended(lean)).toEqual(ended(reference));
    for (const [record, name] of [[reference, 'reference'] as const, [lean, 'lean'] as const]) {
      // Raw bytes belong to no session; of a firmware's connections the platform does not know it.
      expect(sessions(record).filter((one) => one !== undefined && one !== name)).toEqual([]);
    }
    expect(sessions(lean)).toHaveLength(sessions(reference).length);
  });
});

test('the reference session is what a run has that asks for none, and the trace says so', async () => {
  const definition = IN_CELLS.find((one) => one.direction === 'platform') as CaseDefinition;
  const record = await run(definition, undefined);
  expect(sessions(record)).toContain('reference');
});
