// Mutants as the options of a command name them.
import { UserError } from '../kernel/errors.ts';
import type { Policy } from '../platform-stub/core/policy.ts';
import type { Direction } from '../scenarios/engine/requirements.ts';
import { judgedMutants, PLATFORM_MUTANTS } from '../scenarios/mutants/all.ts';

/** The id, if some mutant of the direction has it. */
export function requireMutant(direction: Direction, id: string): string {
  if (!judgedMutants(direction).some((mutant) => mutant.id === id)) {
    throw new UserError(`--mutant ${id} names no mutant of this version`, `see \`muster verify ${direction} --mutant list\``);
  }
  return id;
}

/** The policy of a mutant, for a stub in this or another process; of a SHOULD too, which is conformant with a warning. */
export function policyOfMutant(id: string): Policy {
  const found = PLATFORM_MUTANTS.find((mutant) => mutant.id === id);
  if (!found) throw new UserError(`--mutant ${id} names no mutant of this version`, 'see `muster verify platform --mutant list`');
  return found.policy;
}
