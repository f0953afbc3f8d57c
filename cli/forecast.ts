// What a run will take, told before it starts, and whether it can be carried out at all.
import { UserError } from '../kernel/errors.ts';
import { forecast, type Forecast } from '../scenarios/engine/forecast.ts';
import type { CaseDefinition } from '../scenarios/engine/case.ts';
import type { RemoteTarget } from './target.ts';

/** Actions of an operator as a forecast names them, in its order. */
const ACTIONS: Readonly<Record<string, string>> = {
  provideProduct: 'products',
  addDevice: 'devices added',
  deleteDevice: 'deletes',
  resetThing: 'resets',
  disable: 'disables',
  enable: 'enables',
  switchClientId: 'ClientID switches',
  clearClientIds: 'clears',
  setDynamicRegistration: 'toggles of Dynamic Registration',
  setProperty: 'property sets',
};
const READINGS = new Set(['readDevice', 'clientIds', 'clientIdTimes']);

/**
 * The lines of a forecast.
 * @param made does the administrator make a product for each case?
 */
export function forecastLines(one: Forecast, made: boolean): string[] {
  const actions = Object.entries(ACTIONS).flatMap(([action, words]) => {
    const count = one.actions[action] ?? 0;
    return count === 0 || (action === 'provideProduct' && !made) ? [] : [`${count} ${words}`];
  });
  const readings = Object.entries(one.actions).reduce((sum, [action, count]) => sum + (READINGS.has(action) ? count : 0), 0);
  if (readings > 0) actions.push(`${readings} readings`);
  return [
    `forecast: ${one.cases === 1 ? '1 case' : `${one.cases} cases`}, about ${duration(one.ms)}; ${one.names} DeviceNames, ${one.registrations} registrations, ${one.clientIds} ClientIDs, ${one.connects} connects`,
    ...(actions.length > 0 ? [`the administrator: ${actions.join(', ')}`] : []),
    ...(one.unknown.length > 0 ? [`not in the forecast: ${one.unknown.join(', ')}`] : []),
  ];
}

/** A time for a person, rounded up. */
export /** A person plans with minutes, and with seconds where there are few of them. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What `cases` will take at the target. A UserError where its inventory does not hold enough names. */
export function forecastAt(target: RemoteTarget, cases: readonly CaseDefinition[], jobs: number): Forecast {
  const one = forecast(cases, target.paceMs, jobs);
  const { inventory } = target;
  const left = inventory?.left() ?? 0;
  if (inventory && left < one.inventory) {
    throw new UserError(
      `the run needs ${one.inventory} names of the inventory, ${left === 1 ? '1 is' : `${left} are`} left`,
      `add ${one.inventory - left} more, or run fewer cases with --case`,
    );
  }
  return one;
}
