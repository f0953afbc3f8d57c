// What a run will cost a target that remembers, before it starts: from a locked file, which a test makes by running every case in a cell.
import type { CaseDefinition } from './case.ts';
import LOCKED from './forecast.json' with { type: 'json' };
import { PACE_MS } from './pace.ts';

export interface CaseForecast {
  /** DeviceNames that it shows the platform. */
  readonly names: number;
  /** Of an inventory, where there is one. */
  readonly inventory: number;
  /** Registrations that it sends. */
  readonly registrations: number;
  /** ClientIDs that a platform issues for them. */
  readonly clientIds: number;
  /** CONNECTs of activated devices. */
  readonly connects: number;
  /** How long it waits for something to happen, milliseconds. */
  readonly waitMs: number;
  /** And for a declared limit, with PACE_MS. */
  readonly pacedMs: number;
  /** What it asks of an operator, in its order: an action of Operator, what it is about, `×n` where there are many in a row. */
  readonly actions: readonly string[];
}

export interface Forecast {
  readonly cases: number;
  /** Ids that the locked file does not know: a user's cases. */
  readonly unknown: readonly string[];
  /** Estimated, milliseconds. */
  readonly ms: number;
  readonly names: number;
  readonly inventory: number;
  readonly registrations: number;
  readonly clientIds: number;
  readonly connects: number;
  /** How often each action is asked of an operator. */
  readonly actions: Readonly<Record<string, number>>;
  readonly destructive: readonly string[];
}

const KNOWN: Readonly<Record<string, CaseForecast>> = LOCKED;

/** Actions that take something away from a device or a product, for good or for a while. */
const DESTRUCTIVE = new Set(['deleteDevice', 'disable', 'resetThing', 'switchClientId', 'clearClientIds', 'setDynamicRegistration']);
/** One CONNECT or one action of an operator over a network, milliseconds. */
const HOP_MS = 150;
/** The same of a crowd, whose units do not wait for one another. */
const CROWD_HOP_MS = 15;

function hopMs(one: object): number {
  return 'limits' in one && one.limits === 'off' ? CROWD_HOP_MS : HOP_MS;
}

/** What is known of a case. */
export function forecastOf(caseId: string): CaseForecast | undefined {
  return KNOWN[caseId];
}

/** An action with how often it comes in a row. */
export function readAction(text: string): { readonly action: string; readonly of: string; readonly times: number } {
  const [, action = text, of = '', times = '1'] = /^(\S+)(?: (?!×)(.*?))?(?: ×(\d+))?$/.exec(text) ?? [];
  return { action, of, times: Number(times) };
}

/**
 * Does the case delete, disable, reset, switch, clear or toggle? Elsewhere than on a stub that needs to be allowed.
 * @param claims profiles of a case that the locked file does not know: without `operator` it cannot
 */
export function isDestructive(caseId: string, claims: readonly string[] = ['operator']): boolean {
  const known = KNOWN[caseId];
  return known ? known.actions.some((one) => DESTRUCTIVE.has(readAction(one).action)) : claims.includes('operator');
}

/**
 * What running `cases` will take.
 * @param paceMs how long a case waits where it paces itself
 * @param jobs   cases at once
 */
export function forecast(cases: readonly Pick<CaseDefinition, 'id' | 'profiles'>[], paceMs: number, jobs: number): Forecast {
  const sum = { names: 0, inventory: 0, registrations: 0, clientIds: 0, connects: 0 };
  const actions: Record<string, number> = {};
  const lanes = Array.from({ length: Math.max(1, jobs) }, () => 0);
  for (const one of cases) {
    const { id } = one;
    const known = KNOWN[id];
    if (!known) continue;
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += known[key];
    let acts = 0;
    for (const { action, times } of known.actions.map(readAction)) {
      actions[action] = (actions[action] ?? 0) + times;
      acts += times;
    }
    // The next case goes to whoever is free first.
    const free = lanes.indexOf(Math.min(...lanes));
    lanes[free]! += known.waitMs + (known.pacedMs * paceMs) / PACE_MS + hopMs(one) * (known.registrations + known.connects + acts);
  }
  return {
    cases: cases.length,
    unknown: cases.filter(({ id }) => !KNOWN[id]).map(({ id }) => id),
    ms: Math.max(...lanes),
    ...sum,
    actions,
    destructive: cases.filter(({ id, profiles }) => isDestructive(id, profiles)).map(({ id }) => id),
  };
}
