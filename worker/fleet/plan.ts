// What a fleet is: who its units are and when each is due. Everything follows from (seed, namespace, index), so that neither the number
// of workers nor the machine changes it.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { UnitIdentity } from '../unit/unit.ts';
import { arrivalOffset } from './arrivals.ts';

export type FleetMode = 'register' | 'regnwl' | 'mixed';

export interface FleetPlan {
  readonly devices: number;
  /** `mixed`: even index register, odd index regnwl. */
  readonly mode: FleetMode;
  /** Devices due per second. */
  readonly rate: number;
  readonly seed: string;
  /** `0` for a platform that forgets, else fresh per run: the sixth run of one plan would be the sixth ClientID of each name. */
  readonly namespace: string;
  readonly productKey: string;
  readonly productSecret: string;
}

export interface PlannedUnit {
  readonly index: number;
  readonly identity: UnitIdentity;
  /** When the unit is due, milliseconds after the start of the run. */
  readonly offsetMs: number;
}

/** Largest fleet one run may have: what the page and one process are built for. */
export const DEVICES_MAX = 100_000;
/** Devices per second, unless told otherwise. */
export const DEFAULT_RATE = 500;
/** Fits a DeviceName of 32 characters together with the seed's tag and the index. */
export const NAMESPACE_MAX = 12;

function modeOf(plan: FleetPlan, index: number): 'register' | 'regnwl' {
  if (plan.mode !== 'mixed') return plan.mode;
  return index % 2 === 0 ? 'register' : 'regnwl';
}

/** Tells names of one seed from those of another, so that two plans in one namespace do not meet. */
function seedTag(seed: string): string {
  return bytesToHex(sha256(utf8ToBytes(seed))).slice(0, 6);
}

/** How every DeviceName of the plan begins, and of no other plan. */
export function namePrefix(plan: FleetPlan): string {
  return `m${plan.namespace}-${seedTag(plan.seed)}-`;
}

/** The unit of an index. */
export function plannedUnit(plan: FleetPlan, index: number): PlannedUnit {
  const { productKey, productSecret } = plan;
  const name = `${namePrefix(plan)}${String(index).padStart(6, '0')}`;
  return {
    index,
    identity: { unitId: name, mode: modeOf(plan, index), productKey, productSecret, deviceName: name },
    offsetMs: arrivalOffset(plan.rate, index),
  };
}

/** DeviceNames that must be added beforehand: those of the units that register in pre-registration mode. */
export function namesToAdd(plan: FleetPlan): string[] {
  const names: string[] = [];
  for (let index = 0; index < plan.devices; index++) {
    if (modeOf(plan, index) === 'register') names.push(plannedUnit(plan, index).identity.deviceName);
  }
  return names;
}

/** SHA-256 over every identity and due time: equal digests mean the same fleet. No secret enters it. */
export function planDigest(plan: FleetPlan): string {
  const hash = sha256.create();
  for (let index = 0; index < plan.devices; index++) {
    const { identity, offsetMs } = plannedUnit(plan, index);
    hash.update(utf8ToBytes(`${identity.deviceName}&${identity.productKey} ${identity.mode} ${offsetMs}\n`));
  }
  return bytesToHex(hash.digest());
}

/** The indices of one worker of several: every `workers`-th, so that each has the same mode mix and rate. */
export function* indicesOf(devices: number, worker: number, workers: number): Generator<number> {
  for (let index = worker; index < devices; index += workers) yield index;
}
