// A worker's share of a fleet: starts each unit when it is due, has it live as its cohort does (fleet-journey.ts), and counts.
// The same code runs in a Web Worker and in a Node worker thread.
import type { Clock, Timer } from '../../kernel/clock.ts';
import { LOWER_HEX, secureRandom, seededRandom } from '../../kernel/random.ts';
import { messageOf } from '../../kernel/errors.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import { TraceRing } from '../../kernel/trace/ring.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { OpenSession, Timeouts } from '../session/session.ts';
import type { Transport } from '../transport/transport.ts';
import { memoryFlash, type Credentials } from '../unit/flash.ts';
import { Unit, type UnitState } from '../unit/unit.ts';
import type { ErrorCount } from './errors.ts';
import { Journey, type JourneyEnv } from './fleet-journey.ts';
import { networkOf, type OwnFault } from './fleet-network.ts';
import { Pacer } from './fleet-pacer.ts';
import type { Traffic } from './fleet-publisher.ts';
import { contentOf, type Content } from './fleet-publishing.ts';
import { Teardown } from './fleet-teardown.ts';
import { LONGEST_MS } from './fleet-wait.ts';
import { ConnectRate, type TargetLimits } from './limits.ts';
import type { EncodedHistograms } from './measure.ts';
import { Meter } from './meter.ts';
import { credentialsAtStart, indicesOf, plannedUnit, type FleetPlan, type PlannedUnit } from './plan.ts';
import { publishingOf, type Cohort } from './plan-cohort.ts';
import { rosterOf } from './plan-roster.ts';
import type { SeriesDelta } from './series.ts';
import type { TemplateContext } from './template.ts';

export interface FleetEnv {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly openSession: OpenSession;
  readonly timeouts: Timeouts;
  readonly edition: EditionName;
}

/** Which share of the plan this worker has. */
export interface Share {
  readonly worker: number;
  readonly workers: number;
}

/** States of a unit as one byte, for the grid of the page; the order is part of the message. */
export const UNIT_STATES = [
  'blank',
  'registering',
  'provisioned',
  'connecting',
  'online',
  'offline',
  'refused',
  'failed',
] as const satisfies readonly UnitState[];

/** How a unit ended, for the account `devices = activated + refused + failed + local + aborted`. */
export type Ending = 'activated' | 'refused' | 'failed' | 'local' | 'aborted';

export interface FleetCounts {
  readonly started: number;
  readonly finished: number;
  readonly online: number;
  readonly endings: Readonly<Record<Ending, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
}

export interface FleetSnapshot {
  /** One byte a unit of this share, in the order of its indices: an index of UNIT_STATES. */
  readonly states: Uint8Array;
  readonly counts: FleetCounts;
  /** What happened while units were online. */
  readonly traffic: Readonly<Traffic>;
  /** The account of each cohort, in the order of the plan. */
  readonly cohorts: readonly Readonly<Record<Ending, number>>[];
  readonly errors: readonly ErrorCount[];
  /** Attempts that the platform put off; the units are among the refused. */
  readonly throttled: number;
  /** Connections that were closed without a reason while the fleet was over a limit of its target. */
  readonly throttledProbable: number;
  /** Attempts that the bad network of the plan itself broke. */
  readonly ownFaults: number;
  /** Real start of the first and the last unit, milliseconds of the clock. */
  readonly firstStart: number | null;
  readonly lastStart: number | null;
  /** When those two were due, or whoever was due first and last of the started. */
  readonly due: { readonly first: number; readonly last: number } | null;
}

/** What a share tells of one moment, so that its account, its series and its latencies are of the same. */
export interface FleetTold {
  readonly snapshot: FleetSnapshot;
  /** What is new of the series since it was last told. */
  readonly series: SeriesDelta;
  /** Absent where they were not asked for. */
  readonly histograms?: EncodedHistograms;
}

export interface UnitDetail {
  readonly index: number;
  readonly deviceName: string;
  readonly mode: 'register' | 'regnwl';
  readonly state: UnitState;
  readonly clientId: string | null;
  readonly dueAt: number;
  readonly events: readonly TraceEvent[];
  /** Why our own code failed on it, if it did. */
  readonly fault: string | null;
}

/** Who ended a run: a person, a condition of the plan, or nobody, since it is over. */
export type StoppedBy = 'operator' | 'stop-condition' | 'end';

interface Member {
  readonly planned: PlannedUnit;
  readonly unit: Unit;
  readonly journey: Journey;
  readonly ring: TraceRing;
  readonly secrets: Set<string>;
  readonly local: number;
  ending: Ending | undefined;
  fault: string | undefined;
}

/** The unit's evidence without its secrets; what replaces them is meant for nobody, so the key is forgotten. */
function redacted(member: Member): TraceEvent[] {
  const redactor = new Redactor(secureRandom().text(32, LOWER_HEX));
  for (const secret of member.secrets) redactor.secret(secret);
  return member.ring.events().map((event) => ('bytes' in event ? { ...event, bytes: redactor.bytes(event.bytes) } : event));
}

const noEndings = (): Record<Ending, number> => ({ activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 });

/** What the target is known to limit. */
function limitsOf({ limits, pace }: FleetPlan): TargetLimits {
  if (limits) return limits;
  const { perSecond, perDevicePerMinute } = pace ?? {};
  return {
    ...(perSecond === undefined ? {} : { connectsPerSecond: perSecond }),
    ...(perDevicePerMinute === undefined ? {} : { connectsPerDevicePerMinute: perDevicePerMinute }),
  };
}

/** Nothing happened. */
export function noTraffic(): Traffic {
  return { published: 0, answered: 0, overruns: 0, missed: 0, lost: 0, reconnected: 0, left: 0 };
}

/** The places of a closed model that one worker of several has. */
function placesOf(closed: number, { worker, workers }: Share): number {
  return Math.max(1, Math.floor((closed + workers - 1 - worker) / workers));
}

export class Fleet {
  readonly #plan: FleetPlan;
  readonly #env: FleetEnv;
  readonly #members = new Map<number, Member>();
  readonly #indices: number[];
  readonly #workers: number;
  readonly #states: Uint8Array;
  readonly #meter = new Meter();
  readonly #outcomes: Record<string, number> = {};
  readonly #endings: Record<Ending, number> = noEndings();
  readonly #traffic: Traffic = noTraffic();
  readonly #cohorts: readonly Cohort[];
  readonly #byCohort: readonly Record<Ending, number>[];
  readonly #contents: ReadonlyMap<Cohort, (context: TemplateContext) => Content>;
  readonly #pacer: Pacer | undefined;
  readonly #limits: TargetLimits;
  readonly #connects: ConnectRate | undefined;
  /** Places of `#indices`, in the order in which the units are due. */
  readonly #order: Uint32Array;
  /** Units that this worker has on their way at a time; undefined where they come by the clock. */
  readonly #closed: number | undefined;
  #begun = 0;
  /** Units that are online and will leave by themselves. */
  #staying = 0;
  #started = 0;
  #finished = 0;
  #online = 0;
  #firstStart: number | null = null;
  #lastStart: number | null = null;
  #stopped = false;
  #next: Timer | undefined;
  #stopping: Promise<void> | undefined;
  readonly #teardown = new Teardown();
  #whenDone: (() => void) | undefined;

  constructor(plan: FleetPlan, share: Share, env: FleetEnv) {
    this.#plan = plan;
    this.#env = env;
    this.#workers = share.workers;
    this.#indices = [...indicesOf(plan.devices, share.worker, share.workers)];
    this.#states = new Uint8Array(this.#indices.length);
    this.#cohorts = rosterOf(plan).cohorts;
    this.#byCohort = this.#cohorts.map(noEndings);
    this.#contents = new Map(
      this.#cohorts.flatMap((cohort) => {
        const publishing = publishingOf(cohort);
        return publishing ? [[cohort, contentOf(publishing)] as const] : [];
      }),
    );
    const { perSecond } = plan.pace ?? {};
    this.#pacer = perSecond === undefined ? undefined : new Pacer(perSecond / share.workers);
    this.#limits = limitsOf(plan);
    const { connectsPerSecond } = this.#limits;
    this.#connects = connectsPerSecond === undefined ? undefined : new ConnectRate(connectsPerSecond, share.workers);
    const offsets = Float64Array.from(this.#indices, (index) => plannedUnit(plan, index).offsetMs);
    this.#order = Uint32Array.from(this.#indices.keys()).sort((a, b) => (offsets[a] as number) - (offsets[b] as number) || a - b);
    this.#closed = plan.closed === undefined ? undefined : placesOf(plan.closed, share);
  }

  /**
   * Runs the share; resolves when every unit is online or has ended, and those whose sessions have a length have left. Others stay
   * connected until `stop`.
   * @param startAt the run's time zero on this worker's clock, milliseconds; the same for every worker
   */
  run(startAt: number): Promise<void> {
    this.#meter.begin(startAt);
    if (this.#indices.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenDone = resolve;
      if (this.#closed === undefined) this.#arm(startAt);
      else this.#next = this.#env.clock.after(startAt - this.#env.clock.now(), () => this.#fill());
    });
  }

  /** Ends every connection, at the pace of the plan, and starts no more units. A person does not wait for that pace, then or later. */
  stop(by: StoppedBy = 'operator'): Promise<void> {
    if (by === 'operator') this.#teardown.hurry();
    return (this.#stopping ??= this.#stop(by));
  }

  async #stop(by: StoppedBy): Promise<void> {
    this.#next?.cancel();
    const never = this.#order.subarray(this.#begun);
    this.#stopped = true;
    const leavers: Member[] = [];
    for (const member of this.#members.values()) {
      member.journey.leave();
      if (member.ending === undefined) {
        member.unit.cutPower();
        this.#end(member, 'aborted', `aborted ${by}`);
      } else leavers.push(member);
    }
    if (never.length > 0) {
      this.#endings.aborted += never.length;
      for (const place of never) this.#account(plannedUnit(this.#plan, this.#indices[place] as number).cohort, 'aborted');
      this.#meter.ended('aborted', this.#env.clock.now(), never.length);
      this.#count(`aborted ${by}`, never.length);
      this.#finished += never.length;
    }
    const { teardown, teardownRate } = this.#plan;
    await this.#teardown.run(
      leavers.map(({ unit }) => unit),
      {
        clock: this.#env.clock,
        gapMs: teardownRate === undefined || by === 'operator' ? 0 : (1000 * this.#workers) / teardownRate,
        how: teardown === 'drop' ? 'drop' : 'disconnect',
      },
    );
    this.#whenDone?.();
  }

  /** What the units of this share hold by now, by DeviceName: secrets. */
  credentials(): Record<string, Credentials> {
    const held: Record<string, Credentials> = {};
    for (const { unit } of this.#members.values()) {
      const credentials = unit.flash.read();
      if (credentials) held[unit.identity.deviceName] = credentials;
    }
    return held;
  }

  snapshot(): FleetSnapshot {
    const counts = {
      started: this.#started,
      finished: this.#finished,
      online: this.#online,
      endings: { ...this.#endings },
      outcomes: { ...this.#outcomes },
    };
    return {
      states: this.#states.slice(),
      counts,
      traffic: { ...this.#traffic },
      cohorts: this.#byCohort.map((endings) => ({ ...endings })),
      errors: this.#meter.errors(),
      throttled: this.#meter.throttled,
      throttledProbable: this.#meter.throttledProbable,
      ownFaults: this.#meter.ownFaults,
      firstStart: this.#firstStart,
      lastStart: this.#lastStart,
      due: this.#meter.due,
    };
  }

  histograms(): EncodedHistograms {
    return this.#meter.histograms();
  }

  /** What is new of the series since the last call. */
  series(whole = true): SeriesDelta {
    return this.#meter.series(this.#env.clock.now(), whole);
  }

  /** All that the share has to tell, of this moment. @param whole with its histograms, which take a millisecond or more to encode */
  tell(whole: boolean): FleetTold {
    const told = { snapshot: this.snapshot(), series: this.series(whole) };
    return whole ? { ...told, histograms: this.histograms() } : told;
  }

  /**
   * Everything known of one unit; undefined where the index is not of this share.
   * @param raw gives the bytes as they passed, for a target whose secrets are all invented; else every secret is replaced
   */
  detail(index: number, raw: boolean): UnitDetail | undefined {
    if (!this.#indices.includes(index)) return undefined;
    const member = this.#members.get(index);
    const planned = member?.planned ?? plannedUnit(this.#plan, index);
    const credentials = member?.unit.flash.read();
    return {
      index,
      deviceName: planned.identity.deviceName,
      mode: planned.identity.mode,
      state: member?.unit.state ?? 'blank',
      clientId: credentials?.kind === 'token' ? credentials.clientId : null,
      dueAt: planned.offsetMs,
      events: member ? (raw ? member.ring.events() : redacted(member)) : [],
      fault: member?.fault ?? null,
    };
  }

  /** One timer at a time: everything that is due starts, then the next due time is waited for. */
  #arm(startAt: number): void {
    const { clock } = this.#env;
    while (!this.#stopped && this.#begun < this.#order.length) {
      const planned = this.#upNext();
      const dueAt = startAt + planned.offsetMs;
      const wait = dueAt - clock.now();
      if (wait > 0) {
        // A timer holds no more than 2^31 milliseconds.
        this.#next = clock.after(Math.min(wait, LONGEST_MS), () => this.#arm(startAt));
        return;
      }
      this.#start(planned, dueAt);
    }
  }

  /** Closed model: whoever has arrived makes room for the next, which is due when it starts; that is not before the pace has a place. */
  #fill(): void {
    const { clock } = this.#env;
    this.#next?.cancel();
    while (!this.#stopped && this.#begun < this.#order.length && this.#members.size - this.#finished < (this.#closed ?? 0)) {
      const wait = this.#pacer?.wait(clock.now()) ?? 0;
      if (wait > 0) {
        this.#next = clock.after(wait, () => this.#fill());
        return;
      }
      this.#start(this.#upNext(), clock.now());
    }
  }

  #upNext(): PlannedUnit {
    return plannedUnit(this.#plan, this.#indices[this.#order[this.#begun] as number] as number);
  }

  #start(planned: PlannedUnit, dueAt: number): void {
    const { clock, transport, openSession, timeouts, edition } = this.#env;
    const { seed, namespace } = this.#plan;
    const local = this.#order[this.#begun] as number;
    const now = clock.now();
    this.#begun += 1;
    this.#started += 1;
    this.#firstStart ??= now;
    this.#lastStart = now;
    this.#meter.started(dueAt, now);
    const ring = new TraceRing();
    const secrets = new Set<string>();
    const draws = (what: string) => () => seededRandom(what, seed, namespace, planned.index);
    const { faults } = planned.cohort;
    const own: OwnFault | undefined = faults && { brokeAs: undefined };
    const unit = new Unit(planned.identity, {
      clock,
      transport: faults && own ? networkOf(transport, faults, clock, draws('faults'), own) : transport,
      openSession,
      timeouts,
      edition,
      signMethod: 'hmacsha256',
      random: draws('unit')(),
      flash: memoryFlash(credentialsAtStart(this.#plan, planned)),
      sink: (event) => ring.push(event),
      secret: (text) => secrets.add(text),
      onState: (state) => this.#to(member, state),
    });
    const journey = new Journey(planned, unit, {
      ...this.#journeyEnv(),
      own,
      content: this.#contents.get(planned.cohort),
      random: draws('journey'),
      contentRandom: draws('payload'),
    });
    const member: Member = { planned, unit, journey, ring, secrets, local, ending: undefined, fault: undefined };
    this.#members.set(planned.index, member);
    if (unit.state !== 'blank') this.#to(member, unit.state);
    const failed = (error: unknown): void => {
      member.fault = messageOf(error);
      this.#meter.fault(member.fault, { deviceName: planned.identity.deviceName, phase: 'hold', at: clock.now() });
      this.#end(member, 'failed', 'fault of the generator');
    };
    journey.arrive(dueAt, now).then((ending) => this.#arrived(member, ending, failed), failed);
  }

  /** The same for all units. */
  #journeyEnv(): Omit<JourneyEnv, 'own' | 'content' | 'random' | 'contentRandom'> {
    const { clock, timeouts } = this.#env;
    const { namespace, pace, security = 'encrypted' } = this.#plan;
    return {
      clock,
      meter: this.#meter,
      traffic: this.#traffic,
      replyMs: timeouts.reply,
      namespace,
      perDevicePerMinute: pace?.perDevicePerMinute,
      pacer: this.#pacer,
      limits: this.#limits,
      connects: this.#connects,
      security,
      count: (key) => this.#count(key, 1),
    };
  }

  #arrived(member: Member, ending: Ending, failed: (error: unknown) => void): void {
    if (member.ending !== undefined) return;
    const leaves = ending === 'activated' && member.planned.cohort.sessionMs !== undefined;
    if (leaves) this.#staying += 1;
    this.#end(member, ending);
    if (ending !== 'activated') return;
    member.journey
      .stay()
      .catch(failed)
      .finally(() => {
        if (leaves) this.#staying -= 1;
        this.#doneOrNot();
      });
  }

  #end(member: Member, ending: Ending, key?: string): void {
    if (member.ending !== undefined) return;
    member.ending = ending;
    this.#endings[ending] += 1;
    this.#account(member.planned.cohort, ending);
    this.#meter.ended(ending, this.#env.clock.now());
    if (key) this.#count(key, 1);
    this.#finished += 1;
    if (this.#closed !== undefined) this.#fill();
    this.#doneOrNot();
  }

  #doneOrNot(): void {
    if (this.#finished === this.#indices.length && this.#staying === 0) this.#whenDone?.();
  }

  #account(cohort: Cohort, ending: Ending): void {
    const account = this.#byCohort[this.#cohorts.indexOf(cohort)];
    if (account) account[ending] += 1;
  }

  #to(member: Member, state: UnitState): void {
    const before = this.#states[member.local];
    const online = UNIT_STATES.indexOf('online');
    const now = UNIT_STATES.indexOf(state);
    if (before === online) this.#online -= 1;
    if (now === online) this.#online += 1;
    if (before !== now && (before === online || now === online)) this.#meter.online(now === online ? 1 : -1, this.#env.clock.now());
    this.#states[member.local] = now;
    if (before === online && state === 'offline') member.journey.lost();
  }

  #count(key: string, by: number): void {
    this.#outcomes[key] = (this.#outcomes[key] ?? 0) + by;
  }
}
