// What a fleet is: who its units are and when each is due. Everything follows from (seed, namespace, index), so that neither the number
// of workers nor the machine changes it. A plan is plain data: it is posted to workers as it is.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Credentials } from '../unit/flash.ts';
import type { UnitIdentity } from '../unit/unit.ts';
import type { Arrival } from './arrivals.ts';
import type { TargetLimits } from './limits.ts';
import type { Cohort } from './plan-cohort.ts';
import { rosterOf } from './plan-roster.ts';

/** `connect`: the units have credentials already, and register nothing. */
export type FleetMode = 'register' | 'regnwl' | 'mixed' | 'connect';

export interface FleetPlan {
  /** Of all cohorts together. */
  readonly devices: number;
  /** `mixed`: even index register, odd index regnwl. Of a plan with cohorts, theirs counts. */
  readonly mode: FleetMode;
  /** Devices due per second; where they do not arrive at a constant rate, on the average between the first and the last. */
  readonly rate: number;
  readonly seed: string;
  /** `0` for a platform that forgets, else fresh per run: the sixth run of one plan would be the sixth ClientID of each name. */
  readonly namespace: string;
  readonly productKey: string;
  readonly productSecret: string;
  /** How the units arrive; at a constant `rate` where absent. */
  readonly arrival?: Arrival;
  /** Closed model: so many units are on their way at a time, and the next starts when one has arrived or ended. */
  readonly closed?: number;
  /** Groups of units, in order of their indices; one of `devices` units in `mode` where absent. */
  readonly cohorts?: readonly Cohort[];
  /** Limits that the target declares and this run keeps: connects of all units together, and of each one. */
  readonly pace?: { readonly perSecond?: number; readonly perDevicePerMinute?: number };
  /** Limits that the target is known to have, kept or not: what is closed beyond them was probably throttled. Those of `pace` unless told. */
  readonly limits?: TargetLimits;
  /** What units hold already, by DeviceName: those connect and do not register. */
  readonly flash?: Readonly<Record<string, Credentials>>;
  /** `plain` for a target that offers nothing encrypted; encrypted unless told. */
  readonly security?: 'encrypted' | 'plain';
  /** How connections end when the run does: with a DISCONNECT unless told. */
  readonly teardown?: 'disconnect' | 'drop';
  /** How many of them end a second; all at once where absent, and when a person ends the run. */
  readonly teardownRate?: number;
}

export interface PlannedUnit {
  readonly index: number;
  readonly identity: UnitIdentity;
  /** When the unit is due, milliseconds after the start of the run. */
  readonly offsetMs: number;
  readonly cohort: Cohort;
  /** Its place in its cohort, from 0. */
  readonly number: number;
}

/** Largest fleet one run may have: what the page and one process are built for. */
export const DEVICES_MAX = 100_000;
/** Devices per second, unless told otherwise. */
export const DEFAULT_RATE = 500;
/** Fits a DeviceName of 32 characters together with the seed's tag and the index. */
export const NAMESPACE_MAX = 12;

/** How every DeviceName of the plan begins that its cohort does not name otherwise, and of no other plan. */
export function namePrefix(plan: FleetPlan): string {
  return rosterOf(plan).prefix;
}

/** The unit of an index. */
export function plannedUnit(plan: FleetPlan, index: number): PlannedUnit {
  return rosterOf(plan).unit(index);
}

/** What a unit holds before its first boot; undefined of one that is blank. */
export function credentialsAtStart(plan: FleetPlan, unit: PlannedUnit): Credentials | undefined {
  return rosterOf(plan).credentials(unit);
}

/** Are the units of a list known to the platform already? */
export interface Listed {
  readonly listed?: 'known' | 'unknown';
}

/** DeviceNames that must be added beforehand: those of the units that register in pre-registration mode. */
export function namesToAdd(plan: FleetPlan, { listed = 'unknown' }: Listed = {}): string[] {
  const names: string[] = [];
  for (const unit of units(plan)) {
    if (unit.cohort.listed && listed === 'known') continue;
    if (unit.identity.mode === 'register' && !credentialsAtStart(plan, unit)) names.push(unit.identity.deviceName);
  }
  return names;
}

/** Devices that must exist beforehand, with the DeviceSecrets that their units hold. */
export function devicesToAdd(plan: FleetPlan, { listed = 'unknown' }: Listed = {}): { deviceName: string; deviceSecret: string }[] {
  const devices: { deviceName: string; deviceSecret: string }[] = [];
  for (const unit of units(plan)) {
    const { deviceName } = unit.identity;
    const given = unit.cohort.listed?.[unit.number]?.credentials;
    if (plan.flash?.[deviceName] || (given && listed === 'known')) continue;
    const credentials = credentialsAtStart(plan, unit);
    if (credentials?.kind === 'secret') devices.push({ deviceName, deviceSecret: credentials.deviceSecret });
  }
  return devices;
}

/** SHA-256 over every identity and due time: equal digests mean the same fleet. No secret enters it. */
export function planDigest(plan: FleetPlan): string {
  const hash = sha256.create();
  for (const { identity, offsetMs, cohort } of units(plan)) {
    const mode = cohort.mode === 'connect' ? 'connect' : identity.mode;
    hash.update(utf8ToBytes(`${identity.deviceName}&${identity.productKey} ${mode} ${offsetMs}\n`));
  }
  return bytesToHex(hash.digest());
}

/** Every unit, in order of index. */
export function* units(plan: FleetPlan): Generator<PlannedUnit> {
  for (let index = 0; index < plan.devices; index++) yield plannedUnit(plan, index);
}

/** The indices of one worker of several: every `workers`-th, so that each has the same mode mix and rate. */
export function* indicesOf(devices: number, worker: number, workers: number): Generator<number> {
  for (let index = worker; index < devices; index += workers) yield index;
}
