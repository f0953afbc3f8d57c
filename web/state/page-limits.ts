// Which cases of the suite a page cannot run at a platform, and why; `muster verify platform` can. Loaded with the suite's view, as the
// rules and the forecast are.
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { forecastOf } from '../../scenarios/engine/forecast.ts';
import { applies } from '../../scenarios/engine/requirements.ts';
import type { Said } from '../../scenarios/judge/verdict.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { both } from '../i18n/t.svelte.ts';
import { notCarried, type Reach } from './page-reach.ts';

/** Why a case cannot run in a page at all; undefined where it can. */
export function pageCannot(definition: CaseDefinition, reach: Reach): Said | undefined {
  const why = notCarried(definition, reach);
  if (why) return why;
  // Each registration may hold a connection: more than a page has would be the page's failure, and say nothing of the platform.
  return (forecastOf(definition.id)?.registrations ?? 0) > reach.connections ? both('suite.tooMany') : undefined;
}

/** A case that is left to the command, and why. */
export interface Left {
  readonly definition: CaseDefinition;
  readonly why: Said;
}

/**
 * Cases that would tell something of the platform, were this no page.
 * @param claims profiles of the platform, whether a page can judge them or not
 */
export function leftToCommand(cases: readonly CaseDefinition[], reach: Reach, claims: readonly Profile[]): Left[] {
  return cases.flatMap((definition) => {
    const why = applies(definition, claims) ? pageCannot(definition, reach) : undefined;
    return why ? [{ definition, why }] : [];
  });
}
