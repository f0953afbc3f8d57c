// What units are issued is kept while the fleet runs, and never lost for want of a place to write.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UserError } from '../kernel/errors.ts';
import type { FleetController } from '../worker/fleet/controller.ts';
import type { Credentials } from '../worker/unit/flash.ts';
import type { FlashContent } from './flash.ts';
import { FlashKeeper } from './fleet-keeper.ts';
import type { FleetToRun } from './fleet-plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-keeper-'));
const path = join(folder, 'in', 'units.json');
const secret = (deviceSecret: string): Credentials => ({ kind: 'secret', deviceSecret });
const plan = { productKey: 'a1Keeper', seed: '1', namespace: 'kept' };

let held: Record<string, Credentials> = {};
const controller = {
  view: () => Promise.resolve({ outcomes: { 'issued register mqtt': Object.keys(held).length, accepted: 3 } }),
  credentials: () => Promise.resolve(held),
} as unknown as FleetController;
const keeperOf = (flash?: FlashContent): FlashKeeper => new FlashKeeper(path, { plan, flash } as unknown as FleetToRun, controller);
const devicesIn = (file: string): unknown => (JSON.parse(readFileSync(file, 'utf8')) as FlashContent).devices;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'in'), { recursive: true });
  held = {};
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

test('what is issued in mid-run is in the file seconds later, and stays when the worker that told it has died', async () => {
  const keeper = keeperOf({ ...plan, devices: { before: secret('b') } });
  held = { a: secret('1') };
  await vi.advanceTimersByTimeAsync(5_100);
  expect(devicesIn(path)).toEqual({ before: secret('b'), a: secret('1') });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  held = { c: secret('3') };
  await keeper.finish();
  expect(devicesIn(path)).toEqual({ before: secret('b'), a: secret('1'), c: secret('3') });
});

test('nothing is written where nothing new was issued', async () => {
  const keeper = keeperOf();
  held = { a: secret('1') };
  await vi.advanceTimersByTimeAsync(5_100);
  writeFileSync(path, 'untouched');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readFileSync(path, 'utf8')).toBe('untouched');
  keeper.stop();
});

test('secrets that cannot be written where they should be are kept elsewhere, and the user is told where', async () => {
  const keeper = keeperOf();
  held = { a: secret('1') };
  rmSync(join(folder, 'in'), { recursive: true });
  // In mid-run that is no reason to end.
  await vi.advanceTimersByTimeAsync(5_100);
  const error: unknown = await keeper.finish().catch((thrown: unknown) => thrown);
  if (!(error instanceof UserError)) throw new Error('no complaint');
  const [, instead = ''] = /are in (\S+) instead/.exec(error.message) ?? [];
  expect(error.message).toMatch(/units\.json cannot be written \(ENOENT\); the secrets of 1 devices are in/);
  expect([devicesIn(instead), statSync(instead).mode & 0o777]).toEqual([{ a: secret('1') }, 0o600]);
  rmSync(instead);
});

test('a link stays one, and what it leads to is written', async () => {
  const place = join(folder, 'place.json');
  writeFileSync(place, 'old');
  symlinkSync(place, path);
  held = { a: secret('1') };
  await keeperOf().finish();
  expect(devicesIn(place)).toEqual({ a: secret('1') });
});
