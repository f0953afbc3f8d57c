// A case is judged in the worker that ran it: of a crowd that takes most of a second, for which the page would stand still.
import { CASES } from '../../scenarios/engine/cases.ts';
import { judgedClass } from '../../scenarios/engine/requirements.ts';
import { judgeCase, type CaseVerdict } from '../../scenarios/judge/judge.ts';
import type { CaseRecord } from '../../scenarios/judge/record.ts';

export interface JudgedRecord {
  readonly record: CaseRecord;
  readonly judged: CaseVerdict;
}

export function judgedRecord(record: CaseRecord): JudgedRecord {
  const checks = CASES.find(({ id }) => id === record.case)?.checks ?? [];
  return { record, judged: judgeCase(record, checks, judgedClass) };
}
