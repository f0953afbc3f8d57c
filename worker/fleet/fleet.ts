// A worker's share of a fleet: starts each unit when it is due, takes it through register, connect and one post, holds it, and counts.
// The same code runs in a Web Worker and in a Node worker thread.
import type { Clock, Timer } from '../../kernel/clock.ts';
import { LOWER_HEX, secureRandom, seededRandom } from '../../kernel/random.ts';
import { messageOf } from '../../kernel/errors.ts';
import { outcomeKey, type Outcome } from '../../kernel/trace/outcome.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import { TraceRing } from '../../kernel/trace/ring.ts';
import type { TraceEvent } from '../../kernel/trace/event.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { OpenSession, Timeouts } from '../session/session.ts';
import type { Transport } from '../transport/transport.ts';
import { memoryFlash } from '../unit/flash.ts';
import { Unit, type UnitState } from '../unit/unit.ts';
import { encode, newHistograms, record, type EncodedHistograms, type Histograms } from './measure.ts';
import { indicesOf, plannedUnit, type FleetPlan, type PlannedUnit } from './plan.ts';

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
  /** Real start of the first and the last unit, milliseconds of the clock. */
  readonly firstStart: number | null;
  readonly lastStart: number | null;
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

interface Member {
  readonly planned: PlannedUnit;
  readonly unit: Unit;
  readonly ring: TraceRing;
  readonly secrets: Set<string>;
  readonly local: number;
  ending: Ending | undefined;
  fault: string | undefined;
}

/** Which phase of the journey an outcome ended in decides how it is counted. */
function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case 'issued':
    case 'accepted':
      return 'activated';
    case 'refused':
      return 'refused';
    case 'local':
      return 'local';
    case 'aborted':
      return 'aborted';
    default:
      return 'failed';
  }
}

/** The unit's evidence without its secrets; what replaces them is meant for nobody, so the key is forgotten. */
function redacted(member: Member): TraceEvent[] {
  const redactor = new Redactor(secureRandom().text(32, LOWER_HEX));
  for (const secret of member.secrets) redactor.secret(secret);
  return member.ring.events().map((event) => ('bytes' in event ? { ...event, bytes: redactor.bytes(event.bytes) } : event));
}

export class Fleet {
  readonly #plan: FleetPlan;
  readonly #env: FleetEnv;
  readonly #members = new Map<number, Member>();
  readonly #indices: number[];
  readonly #states: Uint8Array;
  readonly #histograms: Histograms = newHistograms();
  readonly #outcomes: Record<string, number> = {};
  readonly #endings: Record<Ending, number> = { activated: 0, refused: 0, failed: 0, local: 0, aborted: 0 };
  #started = 0;
  #finished = 0;
  #online = 0;
  #firstStart: number | null = null;
  #lastStart: number | null = null;
  #stopped = false;
  #next: Timer | undefined;
  #whenDone: (() => void) | undefined;

  constructor(plan: FleetPlan, share: Share, env: FleetEnv) {
    this.#plan = plan;
    this.#env = env;
    this.#indices = [...indicesOf(plan.devices, share.worker, share.workers)];
    this.#states = new Uint8Array(this.#indices.length);
  }

  /**
   * Runs the share; resolves when every unit is online or has ended. Units stay connected until `stop`.
   * @param startAt the run's time zero on this worker's clock, milliseconds; the same for every worker
   */
  run(startAt: number): Promise<void> {
    if (this.#indices.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenDone = resolve;
      this.#arm(startAt, 0);
    });
  }

  /** Ends every connection and starts no more units. */
  async stop(): Promise<void> {
    this.#next?.cancel();
    const never = this.#stopped ? 0 : this.#indices.length - this.#members.size;
    this.#stopped = true;
    const ends: Promise<void>[] = [];
    for (const member of this.#members.values()) {
      if (member.ending === undefined) {
        member.unit.cutPower();
        this.#end(member, 'aborted', 'aborted operator');
      } else ends.push(member.unit.disconnect());
    }
    if (never > 0) {
      this.#endings.aborted += never;
      this.#count('aborted operator', never);
      this.#finished += never;
    }
    await Promise.all(ends);
    this.#whenDone?.();
  }

  snapshot(): FleetSnapshot {
    const counts = {
      started: this.#started,
      finished: this.#finished,
      online: this.#online,
      endings: { ...this.#endings },
      outcomes: { ...this.#outcomes },
    };
    return { states: this.#states.slice(), counts, firstStart: this.#firstStart, lastStart: this.#lastStart };
  }

  histograms(): EncodedHistograms {
    return encode(this.#histograms);
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
  #arm(startAt: number, next: number): void {
    const { clock } = this.#env;
    let at = next;
    while (!this.#stopped && at < this.#indices.length) {
      const planned = plannedUnit(this.#plan, this.#indices[at] as number);
      const dueAt = startAt + planned.offsetMs;
      const wait = dueAt - clock.now();
      if (wait > 0) {
        this.#next = clock.after(wait, () => this.#arm(startAt, at));
        return;
      }
      this.#start(planned, at, dueAt);
      at += 1;
    }
  }

  #start(planned: PlannedUnit, local: number, dueAt: number): void {
    const { clock, transport, openSession, timeouts, edition } = this.#env;
    const now = clock.now();
    this.#started += 1;
    this.#firstStart ??= now;
    this.#lastStart = now;
    record(this.#histograms.lag, now - dueAt);
    const ring = new TraceRing();
    const secrets = new Set<string>();
    const unit = new Unit(planned.identity, {
      clock,
      transport,
      openSession,
      timeouts,
      edition,
      signMethod: 'hmacsha256',
      random: seededRandom('unit', this.#plan.seed, this.#plan.namespace, planned.index),
      flash: memoryFlash(),
      sink: (event) => ring.push(event),
      secret: (text) => secrets.add(text),
      onState: (state) => this.#to(member, state),
    });
    const member: Member = { planned, unit, ring, secrets, local, ending: undefined, fault: undefined };
    this.#members.set(planned.index, member);
    this.#live(member, dueAt, now).then(
      (ending) => this.#end(member, ending),
      (error: unknown) => {
        member.fault = messageOf(error);
        this.#end(member, 'failed', 'fault of the generator');
      },
    );
  }

  /** Register, connect, one post. */
  async #live(member: Member, dueAt: number, startedAt: number): Promise<Ending> {
    const { unit } = member;
    const h = this.#histograms;
    const registered = await unit.register();
    if (member.ending !== undefined) return member.ending;
    this.#note(member, outcomeKey(registered));
    if (registered.kind !== 'issued') return endingOf(registered);
    const issuedAt = unit.marks.issuedAt ?? startedAt;
    record(h['latency.register'], issuedAt - dueAt);
    record(h['service.register'], issuedAt - startedAt);

    const connected = await unit.connect();
    if (member.ending !== undefined) return member.ending;
    this.#note(member, outcomeKey(connected));
    if (connected.kind !== 'accepted') return endingOf(connected);
    const acceptedAt = unit.marks.acceptedAt ?? issuedAt;
    record(h['latency.connect'], acceptedAt - issuedAt);
    record(h['service.connect'], acceptedAt - (unit.marks.dialledAt ?? issuedAt));

    const posted = await unit.post({ temperature: member.planned.index % 40 });
    this.#note(member, posted.kind === 'accepted' ? 'replied' : `post ${outcomeKey(posted)}`);
    const { postedAt, repliedAt } = unit.marks;
    if (posted.kind === 'accepted' && postedAt !== undefined && repliedAt !== undefined) {
      record(h['latency.post'], repliedAt - postedAt);
      record(h['service.post'], repliedAt - postedAt);
    }
    return 'activated';
  }

  /** Counts an outcome, unless the unit was already stopped: then its end is counted, not how its last verb felt it. */
  #note(member: Member, key: string): void {
    if (member.ending === undefined) this.#count(key, 1);
  }

  #end(member: Member, ending: Ending, key?: string): void {
    if (member.ending !== undefined) return;
    member.ending = ending;
    this.#endings[ending] += 1;
    if (key) this.#count(key, 1);
    this.#finished += 1;
    if (this.#finished === this.#indices.length) this.#whenDone?.();
  }

  #to(member: Member, state: UnitState): void {
    const before = this.#states[member.local];
    const online = UNIT_STATES.indexOf('online');
    const now = UNIT_STATES.indexOf(state);
    if (before === online) this.#online -= 1;
    if (now === online) this.#online += 1;
    this.#states[member.local] = now;
  }

  #count(key: string, by: number): void {
    this.#outcomes[key] = (this.#outcomes[key] ?? 0) + by;
  }
}
