// Cells in a worker of their own, as their caller sees them: one case at a time, on the virtual clock of that worker's thread.
import type { SessionName } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import { POLICY, POLICY_RULES, type Policy, type PolicyRule } from '../../platform-stub/core/policy.ts';
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
  /** Runs and judges here, so that the evidence need not be sent. Of a platform whose lie a case never asks for, a right one is judged. */
  judge(request: CellRequest): Promise<MutantCase>;
}

export const cellAgent: CellAgent = {
  async run({ caseId, module, mutant, ...options }) {
    const definition = module === undefined ? caseNamed(caseId) : await imported(module);
    const policy = policyOf(mutant);
    const habits = FIRMWARE_MUTANTS.find((one) => one.id === mutant)?.habits;
    return runInCell(definition, { ...options, ...(policy ? { policy } : {}), ...(habits ? { habits } : {}) });
  },
  async judge(request) {
    const { mutant, ...ofRight } = request;
    const policy = policyOf(mutant);
    if (policy) {
      const right = await rightOf(ofRight);
      if (!POLICY_RULES.some((rule) => right.asked.has(rule) && policy[rule] !== POLICY[rule])) return right.said;
    }
    return saidOf(await cellAgent.run(request));
  },
};

function policyOf(mutant: string | undefined): Policy | undefined {
  return PLATFORM_MUTANTS.find((one) => one.id === mutant)?.policy;
}

function saidOf(record: CaseRecord): MutantCase {
  const checks = CASES.find((one) => one.id === record.case)?.checks ?? [];
  const { verdict, checks: judged } = judgeCase(record, checks, judgedClass);
  return { case: record.case, verdict, checks: judged.map(({ id, rule, verdict }) => ({ id, rule, verdict })) };
}

/** What a case says of a right platform, and of which entries of its policy it made the platform think. */
interface Right {
  readonly said: MutantCase;
  readonly asked: ReadonlySet<PolicyRule>;
}

const rights = new Map<string, Promise<Right>>();

/** Two runs in cells are the same to the byte, so a platform that differs only where it is not asked gives the very same evidence. */
function rightOf(request: CellRequest): Promise<Right> {
  const key = JSON.stringify(request);
  const known = rights.get(key) ?? runRight(request);
  rights.set(key, known);
  return known;
}

async function runRight({ caseId, module: _, ...options }: CellRequest): Promise<Right> {
  const definition = caseNamed(caseId);
  const asked = new Set<PolicyRule>();
  const policy = new Proxy<Policy>(POLICY, {
    get(target, rule: PolicyRule) {
      asked.add(rule);
      return target[rule];
    },
  });
  return { said: saidOf(await runInCell(definition, { ...options, policy })), asked };
}

function caseNamed(id: string): CaseDefinition {
  const definition = CASES.find((one) => one.id === id);
  if (!definition) throw new Error(`no case ${id}`);
  return definition;
}

/** The main thread has read the module before, and said what was wrong with it. */
async function imported(url: string): Promise<CaseDefinition> {
  const module = (await import(/* @vite-ignore */ url)) as { default: unknown };
  const read = readExtension(module.default);
  if (!read.ok) throw new Error(`${read.place} ${read.why}`);
  return read.extension.definition;
}
