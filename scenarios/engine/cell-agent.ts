// Cells in a worker of their own, as their caller sees them: one case at a time, on the virtual clock of that worker's thread.
import type { SessionName } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import type { CaseRecord } from '../judge/record.ts';
import { judgeCase } from '../judge/judge.ts';
import type { MutantCase } from '../mutants/matrix.ts';
import { FIRMWARE_MUTANTS, PLATFORM_MUTANTS } from '../mutants/all.ts';
import type { CaseDefinition } from './case.ts';
import { CASES } from './cases.ts';
import { readExtension } from './extension.ts';
import { runInCell } from './cell.ts';
import { judgedClass } from './requirements.ts';

export interface CellRequest {
  readonly caseId: string;
  /** `file:` URL of the module, where the case is a user's. */
  readonly module?: string;
  readonly seed: string;
  readonly namespace: string;
  readonly edition: EditionName;
  /** A platform or firmware that is wrong on purpose; the record does not name it. */
  readonly mutant?: string;
  /** What the edition leaves open, set otherwise. */
  readonly options?: Partial<Options>;
  readonly session?: SessionName;
  /** Turns of the event loop that every hop takes longer. */
  readonly extraTurns?: number;
}

export interface CellAgent {
  run(request: CellRequest): Promise<CaseRecord>;
  /** Runs and judges here, so that the evidence need not be sent. */
  judge(request: CellRequest): Promise<MutantCase>;
}

export const cellAgent: CellAgent = {
  async run({ caseId, module, mutant, ...options }) {
    const definition = module === undefined ? CASES.find((one) => one.id === caseId) : await imported(module);
    if (!definition) throw new Error(`no case ${caseId}`);
    const policy = PLATFORM_MUTANTS.find((one) => one.id === mutant)?.policy;
    const habits = FIRMWARE_MUTANTS.find((one) => one.id === mutant)?.habits;
    return runInCell(definition, { ...options, ...(policy ? { policy } : {}), ...(habits ? { habits } : {}) });
  },
  async judge(request) {
    const record = await cellAgent.run(request);
    const checks = CASES.find((one) => one.id === request.caseId)?.checks ?? [];
    const judged = judgeCase(record, checks, judgedClass);
    return {
      case: request.caseId,
      verdict: judged.verdict,
      checks: judged.checks.map(({ id, rule, verdict }) => ({ id, rule, verdict })),
    };
  },
};

/** The main thread has read the module before, and said what was wrong with it. */
async function imported(url: string): Promise<CaseDefinition> {
  const module = (await import(/* @vite-ignore */ url)) as { default: unknown };
  const read = readExtension(module.default);
  if (!read.ok) throw new Error(`${read.place} ${read.why}`);
  return read.extension.definition;
}
