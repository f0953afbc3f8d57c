// How the page reaches a platform, and which cases no page can run that way, because of what a browser lets it do.
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import type { Said } from '../../scenarios/judge/verdict.ts';
import { both } from '../i18n/t.svelte.ts';

export interface Reach {
  readonly over: 'cells' | 'websocket' | 'relay';
  /** Through the relay it can be dialled in clear. */
  readonly plain: boolean;
  /** Connections that the page can hold at once; Infinity where nothing of the browser limits them. */
  readonly connections: number;
}

/** Of a platform in this page. */
export const IN_CELLS: Reach = { over: 'cells', plain: false, connections: Infinity };

/** Why a case cannot be carried that way; undefined where it can. */
export function notCarried(definition: CaseDefinition, { plain }: Pick<Reach, 'plain'>): Said | undefined {
  if (definition.direction !== 'platform') return undefined;
  if (definition.profiles.includes('https')) return both('suite.noHttps');
  if (definition.needs !== 'sockets') return undefined;
  if (!definition.byRelay) return both('suite.noSockets');
  return plain ? undefined : both('suite.noPlain');
}
