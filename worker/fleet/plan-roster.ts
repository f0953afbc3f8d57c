// Names, modes, credentials and due times of a plan's units, worked out once for each plan.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { LOWER_HEX, seededRandom, type Random } from '../../kernel/random.ts';
import type { Credentials } from '../unit/flash.ts';
import { arrivalOffset, offsets, spaced, type Arrival } from './arrivals.ts';
import type { FleetPlan, PlannedUnit } from './plan.ts';
import type { Cohort } from './plan-cohort.ts';
import { TemplateCompiler } from './template.ts';

const DEVICE_SECRET_LENGTH = 32;
const INDEX_DIGITS = 6;

/** A cohort, and the index of its first unit. */
interface Group {
  readonly cohort: Cohort;
  readonly first: number;
  readonly name: (index: number, number: number) => string;
}

class Roster {
  /** How names begin that no cohort gives. */
  readonly prefix: string;
  readonly cohorts: readonly Cohort[];
  readonly #plan: FleetPlan;
  readonly #groups: readonly Group[];
  #offsets: Float64Array | undefined;

  constructor(plan: FleetPlan) {
    this.#plan = plan;
    this.prefix = `m${plan.namespace}-${seedTag(plan.seed)}-`;
    this.cohorts = plan.cohorts ?? [oneCohort(plan)];
    let first = 0;
    this.#groups = this.cohorts.map((cohort) => {
      const group = { cohort, first, name: this.#naming(cohort) };
      first += cohort.devices;
      return group;
    });
  }

  unit(index: number): PlannedUnit {
    const { cohort, first, name } = this.#groups.findLast((group) => group.first <= index) as Group;
    const number = index - first;
    const deviceName = name(index, number);
    const { productKey, productSecret } = this.#plan;
    const mode = modeOf(cohort, index, number);
    const offsetMs = this.#offset(index);
    return { index, identity: { unitId: deviceName, mode, productKey, productSecret, deviceName }, offsetMs, cohort, number };
  }

  credentials(unit: PlannedUnit): Credentials | undefined {
    const { flash } = this.#plan;
    const { deviceName } = unit.identity;
    const kept = flash && Object.hasOwn(flash, deviceName) ? flash[deviceName] : unit.cohort.listed?.[unit.number]?.credentials;
    if (kept) return kept;
    if (unit.cohort.start === 'blank') return undefined;
    const { seed, namespace } = this.#plan;
    return {
      kind: 'secret',
      deviceSecret: seededRandom('device secret', seed, namespace, unit.index).text(DEVICE_SECRET_LENGTH, LOWER_HEX),
    };
  }

  #naming(cohort: Cohort): Group['name'] {
    const { listed, names } = cohort;
    if (listed) return (_index, number) => listed[number]?.deviceName ?? '';
    if (names === undefined) return (index) => `${this.prefix}${String(index).padStart(INDEX_DIGITS, '0')}`;
    const { namespace, productKey } = this.#plan;
    const fill = new TemplateCompiler('name').text(names);
    const random = (): Random => seededRandom('names');
    return (index, number) =>
      fill({ facts: { index, number, namespace, productKey, cohort: cohort.name, deviceName: '', n: 0, now: 0 }, state: [], random });
  }

  #offset(index: number): number {
    const { arrival, cohorts, pace, rate } = this.#plan;
    if (!arrival && !cohorts && pace?.perSecond === undefined) return arrivalOffset(rate, index);
    this.#offsets ??= this.#schedule();
    return this.#offsets[index] ?? Infinity;
  }

  /** When each unit is due, by index. */
  #schedule(): Float64Array {
    const { devices, seed, pace } = this.#plan;
    const due = new Float64Array(devices);
    const draws = (what: string) => seededRandom('arrivals', seed, what);
    const shared = this.#groups.filter(({ cohort }) => !cohort.arrival);
    const together = shared.reduce((sum, { cohort }) => sum + cohort.devices, 0);
    const times = offsets(arrivalOf(this.#plan), together, draws(''));
    mixed(shared).forEach((index, place) => (due[index] = times[place] as number));
    for (const { cohort, first } of this.#groups) {
      if (cohort.arrival) due.set(offsets(cohort.arrival, cohort.devices, draws(cohort.name)), first);
    }
    // Each unit connects once or twice: arrivals are held to what leaves room for both.
    return pace?.perSecond === undefined ? due : this.#paced(due, (1000 * this.#connects()) / (pace.perSecond * devices));
  }

  #paced(due: Float64Array, gapMs: number): Float64Array {
    const order = Uint32Array.from(due.keys()).sort((a, b) => (due[a] as number) - (due[b] as number) || a - b);
    const kept = spaced(
      Float64Array.from(order, (index) => due[index] as number),
      gapMs,
    );
    order.forEach((index, place) => (due[index] = kept[place] as number));
    return due;
  }

  /** Connections that the units make until all are online: whoever has been issued something does not register. */
  #connects(): number {
    const { devices, flash } = this.#plan;
    let registering = 0;
    for (const { cohort, first, name } of this.#groups) {
      if (cohort.start !== 'blank') continue;
      for (let number = 0; number < cohort.devices; number++)
        if (!flash || !Object.hasOwn(flash, name(first + number, number))) registering += 1;
    }
    return devices + registering;
  }
}

const rosters = new WeakMap<FleetPlan, Roster>();

export function rosterOf(plan: FleetPlan): Roster {
  const known = rosters.get(plan);
  if (known) return known;
  const made = new Roster(plan);
  rosters.set(plan, made);
  return made;
}

/** All units of a plan that names no cohorts. */
function oneCohort({ mode, devices }: FleetPlan): Cohort {
  return { name: 'devices', mode, devices, start: mode === 'connect' ? 'provisioned' : 'blank' };
}

export function arrivalOf(plan: Pick<FleetPlan, 'arrival' | 'rate'>): Arrival {
  return plan.arrival ?? { shape: 'constant', rate: plan.rate };
}

/** Which way a unit registers, if it does. */
function modeOf(cohort: Cohort, index: number, number: number): 'register' | 'regnwl' {
  if (cohort.listed?.[number]?.credentials?.kind === 'token') return 'regnwl';
  if (cohort.mode === 'mixed') return index % 2 === 0 ? 'register' : 'regnwl';
  return cohort.mode === 'regnwl' ? 'regnwl' : 'register';
}

/** Tells names of one seed from those of another, so that two plans in one namespace do not meet. */
function seedTag(seed: string): string {
  return bytesToHex(sha256(utf8ToBytes(seed))).slice(0, 6);
}

/** Indices of several groups in the order in which they arrive: mixed evenly, each group in its own order. */
function mixed(groups: readonly Group[]): number[] {
  const places = groups.flatMap(({ cohort, first }, group) =>
    Array.from({ length: cohort.devices }, (_, i) => ({ index: first + i, at: (i + 0.5) / cohort.devices, group })),
  );
  return places.sort((a, b) => a.at - b.at || a.group - b.group).map(({ index }) => index);
}
