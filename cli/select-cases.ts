// Which cases `--case GLOB` selects, of ours and of those that `--cases DIR` brings along.
import { UserError } from '../kernel/errors.ts';
import type { CaseDefinition } from '../scenarios/engine/case.ts';
import { CASES, idMatcher } from '../scenarios/engine/cases.ts';
import type { Direction } from '../scenarios/engine/requirements.ts';
import type { LoadedExtension } from './extensions.ts';

export interface SelectedCases {
  /** Ours. */
  readonly cases: readonly CaseDefinition[];
  /** The user's. */
  readonly extensions: readonly LoadedExtension[];
}

/** Ours of a direction. */
export function casesOf(direction: Direction): CaseDefinition[] {
  return CASES.filter((one) => one.direction === direction);
}

/**
 * Without a glob all; with one that matches a case of the user's, what it matches of both; with one that matches ours alone, those, and all of
 * the user's beside them. @throws UserError where it matches nothing
 */
export function selectCases(direction: Direction, glob: string | undefined, extensions: readonly LoadedExtension[]): SelectedCases {
  const ours = casesOf(direction);
  if (glob === undefined) return { cases: ours, extensions };
  const matches = idMatcher(glob);
  const cases = ours.filter(({ id }) => matches(id));
  const theirs = extensions.filter(({ definition }) => matches(definition.id));
  if (theirs.length > 0) return { cases, extensions: theirs };
  if (cases.length > 0) return { cases, extensions };
  throw new UserError(
    `--case ${glob} matches no case of direction ${direction}${extensions.length > 0 ? ', and none of --cases' : ''}`,
    `see \`muster verify ${direction}${extensions.length > 0 ? ' --cases DIR' : ''} --case list\``,
  );
}
