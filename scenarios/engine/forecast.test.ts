// The forecast is locked: what a case costs a target never changes unseen. `UPDATE_FORECAST=1 npx vitest run
// scenarios/engine/forecast.test.ts` writes it anew, from every case in a cell with an operator that counts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { beforeAll, describe, expect, test } from 'vitest';
import { ALPHANUMERIC, seededRandom } from '../../kernel/random.ts';
import type { CaseRecord } from '../judge/record.ts';
import { packetsOf, repliesOf } from '../judge/spans.ts';
import type { CaseDefinition } from './case.ts';
import { CASES } from './cases.ts';
import type { runInCell as RunInCell } from './cell.ts';
import { forecast, forecastOf, isDestructive, readAction, type CaseForecast } from './forecast.ts';
import type { Operator } from './operator.ts';
import { PACE_MS } from './pace.ts';
import { countImmediates } from './virtual-time.ts';

const FILE = join(import.meta.dirname, 'forecast.json');
const PLATFORM = CASES.filter((one) => one.direction === 'platform');
/** So many of one action in a row are written as one line. */
const MANY = 12;
const LONG = 300_000;

let runInCell: typeof RunInCell;
beforeAll(async () => {
  countImmediates();
  ({ runInCell } = await import('./cell.ts'));
});

/** The operator, with a list of what it was asked. */
function counted(operator: Operator, tag: string, asked: string[]): Operator {
  return new Proxy(operator, {
    get(target, key: keyof Operator) {
      const method = target[key] as ((...args: unknown[]) => unknown) | undefined;
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        const of =
          key === 'provideProduct'
            ? String(args[0]).endsWith(' other')
              ? 'other'
              : ''
            : typeof args[1] === 'boolean'
              ? args[1]
                ? 'on'
                : 'off'
              : String(args[1]).replace(`-${tag}`, '');
        asked.push(`${key} ${of}${key === 'addDevice' && args[2] !== undefined ? ' +secret' : ''}`.trim());
        return method.apply(target, args);
      };
    },
  });
}

/** Many of one action in a row as one. */
function shortened(asked: readonly string[]): string[] {
  const rows: string[][] = [];
  for (const one of asked) {
    const row = rows.at(-1);
    if (row && readAction(row[0] ?? '').action === readAction(one).action) row.push(one);
    else rows.push([one]);
  }
  return rows.flatMap((row) => (row.length > MANY && !row[0]?.startsWith('set') ? [`${row[0] ?? ''} ×${row.length}`] : row));
}

const lasted = ({ spans }: CaseRecord): number =>
  spans.length === 0 ? 0 : Math.max(...spans.map((one) => one.endedAt)) - Math.min(...spans.map((one) => one.startedAt));

async function measure(definition: CaseDefinition): Promise<CaseForecast> {
  const common = { seed: '1', namespace: '0', edition: 'doc2020' as const, anyWay: true };
  const tag = seededRandom('name', common.seed, common.namespace, definition.id).text(6, ALPHANUMERIC);
  const asked: string[] = [];
  // A case without limits never waits for one, and one that has an operator takes no name of an inventory: once is enough.
  const once = definition.direction === 'platform' && definition.limits === 'off' && definition.profiles.includes('operator');
  const administered = (operator: Operator): Operator => counted(operator, tag, asked);
  const paced = await runInCell(definition, { ...common, ...(once ? { paceMs: 0 } : {}), administered });
  let taken = 0;
  const quick = once
    ? paced
    : await runInCell(definition, {
        ...common,
        paceMs: 0,
        administered: (operator) => ({
          ...operator,
          takeName: async (productKey) => {
            const deviceName = `taken-${++taken}`;
            await operator.addDevice(productKey, deviceName);
            return deviceName;
          },
        }),
      });
  const connects = paced.spans.flatMap((span) =>
    packetsOf(span).flatMap(({ dir, packet }) => (dir === 'out' && packet.cmd === 'connect' ? [packet] : [])),
  );
  // A sign-in with a DeviceToken names its type too.
  const registrations = connects.filter((packet) => /authType=(?!connwl)/i.test(packet.clientId));
  return {
    names: new Set(connects.map((packet) => packet.username)).size,
    inventory: taken,
    registrations: registrations.length,
    clientIds: paced.spans.flatMap(repliesOf).filter(({ reply }) => reply?.kind === 'regnwl').length,
    connects: connects.length - registrations.length,
    waitMs: Math.round(lasted(quick)),
    pacedMs: Math.round(Math.max(0, lasted(paced) - lasted(quick)) / PACE_MS) * PACE_MS,
    actions: shortened(asked),
  };
}

describe('the locked forecast', () => {
  test(
    'is what every case takes in a cell',
    async () => {
      const made: Record<string, CaseForecast> = {};
      for (const definition of PLATFORM) made[definition.id] = await measure(definition);
      const text = `${JSON.stringify(made, null, 2)}\n`;
      if (process.env.UPDATE_FORECAST) writeFileSync(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
      expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(FILE, 'utf8')));
    },
    LONG,
  );
});

describe('a forecast', () => {
  const find = (id: string): CaseDefinition => CASES.find((one) => one.id === id) as CaseDefinition;
  const sixth = find('platform/nwl/sixth-unit');
  const toggled = find('platform/switch/toggled');

  test('adds up what the cases take, and spreads their time over the jobs', () => {
    const [a, b] = [forecast([sixth], PACE_MS, 1), forecast([toggled], PACE_MS, 1)];
    const both = forecast([sixth, toggled], PACE_MS, 1);
    expect(both).toMatchObject({ cases: 2, clientIds: a.clientIds + b.clientIds, names: a.names + b.names, ms: a.ms + b.ms, unknown: [] });
    expect(forecast([sixth, toggled], PACE_MS, 2).ms).toBe(Math.max(a.ms, b.ms));
    expect(a.clientIds).toBeGreaterThanOrEqual(5);
    expect(b.actions['setDynamicRegistration']).toBeGreaterThanOrEqual(20);
  });

  test('is shorter where the target declares no limits', () => {
    expect(forecastOf(sixth.id)?.pacedMs).toBeGreaterThan(0);
    expect(forecast([sixth], 0, 1).ms).toBeLessThan(forecast([sixth], PACE_MS, 1).ms - PACE_MS + 1);
  });

  test('names a case that it does not know, and takes it for destructive where it claims an operator', () => {
    expect(forecast([{ id: 'mine/one', profiles: ['nwl'] }], 0, 1)).toMatchObject({ cases: 1, unknown: ['mine/one'], destructive: [] });
    expect(forecast([{ id: 'mine/one', profiles: ['nwl', 'operator'] }], 0, 1).destructive).toEqual(['mine/one']);
  });

  test('what toggles, deletes or clears is destructive, what only adds is not', () => {
    for (const id of ['platform/switch/toggled', 'platform/operator/delete-and-add', 'platform/nwl/token-across-clear'])
      expect([id, isDestructive(id)]).toEqual([id, true]);
    for (const id of ['platform/registration/register-connect', 'platform/nwl/five-units'])
      expect([id, isDestructive(id)]).toEqual([id, false]);
  });

  test.each([
    ['provideProduct', { action: 'provideProduct', of: '', times: 1 }],
    ['addDevice guard', { action: 'addDevice', of: 'guard', times: 1 }],
    ['addDevice unit-0 ×500', { action: 'addDevice', of: 'unit-0', times: 500 }],
  ])('reads %s', (text, action) => expect(readAction(text)).toEqual(action));
});
