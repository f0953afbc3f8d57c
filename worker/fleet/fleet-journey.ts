// The life of one unit in a fleet: register, connect, the first post; then what its cohort does while it is online, until it leaves.
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import { outcomeKey, type Outcome } from '../../kernel/trace/outcome.ts';
import type { Unit } from '../unit/unit.ts';
import { ConnectWindow, retryDelay, type Reconnect } from './backoff.ts';
import { isThrottled, type Cause, type ErrorPhase } from './errors.ts';
import type { Ending } from './fleet.ts';
import type { OwnFault } from './fleet-network.ts';
import type { Pacer } from './fleet-pacer.ts';
import { Publisher, type Traffic } from './fleet-publisher.ts';
import type { Content } from './fleet-publishing.ts';
import { Wait } from './fleet-wait.ts';
import { Burst, type ConnectRate, type TargetLimits } from './limits.ts';
import type { Meter } from './meter.ts';
import type { PlannedUnit } from './plan.ts';
import { publishingOf, type Range } from './plan-cohort.ts';
import type { TemplateContext } from './template.ts';

export interface JourneyEnv {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly traffic: Traffic;
  readonly replyMs: number;
  readonly namespace: string;
  /** Connects that a target allows one device in a minute; undefined where it declares none. */
  readonly perDevicePerMinute: number | undefined;
  readonly pacer: Pacer | undefined;
  /** What the target is known to limit, and the new connections of this worker; undefined where it limits none. */
  readonly limits: TargetLimits;
  readonly connects: ConnectRate | undefined;
  /** What the unit's bad network has done; undefined where it has none. */
  readonly own: OwnFault | undefined;
  readonly security: 'encrypted' | 'plain';
  readonly content: ((context: TemplateContext) => Content) | undefined;
  /** The unit's draws of what it does when; made when they are needed. */
  readonly random: () => Random;
  /** Its draws of what it publishes. */
  readonly contentRandom: () => Random;
  readonly count: (key: string) => void;
}

const NONE: Reconnect = { policy: 'none' };
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** A connection of this age is no longer closed for being one of too many, milliseconds. */
const NEW_MS = 1_000;
const STOPPED: Outcome = { kind: 'aborted', by: 'operator' };
const RELAY_LOST: Outcome = { kind: 'local', reason: 'relay' };
/** Stages before a device has said anything. */
const DIALLING: ReadonlySet<string> = new Set(['dns', 'tcp', 'tls', 'ws']);

/** How a unit ended whose journey ended so. */
function endingOf(outcome: Outcome): Ending {
  switch (outcome.kind) {
    case 'issued':
    case 'accepted':
      return 'activated';
    case 'refused':
    case 'local':
    case 'aborted':
      return outcome.kind;
    default:
      return 'failed';
  }
}

/** May it go better the next time? A registration that may have been answered is not repeated: it would be one more (RULE-39). */
function isWorthAnother(verb: 'register' | 'connect', outcome: Outcome): boolean {
  if (outcome.kind === 'unreachable' || isThrottled(outcome)) return true;
  if (outcome.kind !== 'closed' && outcome.kind !== 'silent') return false;
  return verb === 'connect' || DIALLING.has(outcome.stage);
}

export class Journey {
  readonly #planned: PlannedUnit;
  readonly #unit: Unit;
  readonly #env: JourneyEnv;
  readonly #publisher: Publisher | undefined;
  #random: Random | undefined;
  #window: ConnectWindow | undefined;
  readonly #dials: Burst | undefined;
  readonly #sends: Burst | undefined;
  #dialledAt = -Infinity;
  #staying = false;
  #left = false;
  #waits: Set<Wait> | undefined;

  constructor(planned: PlannedUnit, unit: Unit, env: JourneyEnv) {
    this.#planned = planned;
    this.#unit = unit;
    this.#env = env;
    const publishing = publishingOf(planned.cohort);
    const { content } = env;
    if (publishing && content) {
      const note = (outcome: Outcome, key: string): void => this.#note('post', outcome, key);
      const most = publishing.everyMs === undefined ? undefined : env.limits.publishesPerDevicePerSecond?.[`qos${publishing.qos}`];
      this.#sends = most === undefined ? undefined : new Burst(most, SECOND_MS);
      const sent = (at: number): void => this.#sends?.note(at);
      this.#publisher = new Publisher(publishing, planned, unit, { ...env, content, random: env.contentRandom, note, sent });
    }
    const { connectsPerDevicePerMinute: connects } = env.limits;
    this.#dials = connects === undefined ? undefined : new Burst(connects, MINUTE_MS);
    const { reconnect = NONE } = planned.cohort;
    if (env.perDevicePerMinute !== undefined && reconnect.policy !== 'none')
      this.#window = new ConnectWindow(env.perDevicePerMinute, MINUTE_MS);
  }

  /**
   * Goes online and publishes for the first time.
   * @param dueAt     when the plan wanted it to start, milliseconds of the clock
   * @param startedAt when it did
   */
  async arrive(dueAt: number, startedAt: number): Promise<Ending> {
    const { clock, pacer } = this.#env;
    // The schedule keeps the pace already; what else connects must know of it.
    pacer?.take(startedAt);
    let intendedAt = dueAt;
    if (!this.#unit.flash.read()) {
      const registered = await this.#attempt('register', intendedAt, 1);
      if (registered.kind !== 'issued') return endingOf(registered);
      intendedAt = await this.#thought(this.#unit.marks.issuedAt ?? clock.now());
      if (this.#left) return 'aborted';
      intendedAt = await this.#place(intendedAt);
    }
    const connected = await this.#attempt('connect', intendedAt, 1);
    if (connected.kind !== 'accepted') return endingOf(connected);
    if (this.#publisher) {
      const firstAt = await this.#thought(clock.now());
      if (!this.#left) await this.#publisher.first(firstAt);
    }
    return this.#left ? 'aborted' : 'activated';
  }

  /** What the unit does from now on; resolves when it has left. */
  async stay(): Promise<void> {
    const { clock, traffic } = this.#env;
    const { sessionMs } = this.#planned.cohort;
    this.#staying = true;
    void this.#publisher?.keep((at) => this.#until(at));
    if (this.#unit.state === 'offline') void this.#comeBack();
    if (!sessionMs) return;
    await this.#until((this.#unit.marks.acceptedAt ?? clock.now()) + this.#drawn(sessionMs));
    if (this.#left) return;
    traffic.left += 1;
    this.leave();
    await this.#unit.disconnect();
  }

  /** The unit's connection is gone, and nobody of this side has ended it. */
  lost(): void {
    if (this.#left) return;
    const { lostRelay } = this.#unit;
    if (!lostRelay) this.#env.traffic.lost += 1;
    if (!this.#publisher?.asking) {
      if (lostRelay) this.#note('hold', RELAY_LOST, outcomeKey(RELAY_LOST));
      else this.#note('hold', { kind: 'closed', stage: 'session', afterMs: 0 }, 'closed session');
    }
    if (this.#staying) void this.#comeBack();
  }

  /** Comes back by the policy of the cohort. */
  async #comeBack(): Promise<void> {
    const { clock, traffic } = this.#env;
    const delay = retryDelay(this.#planned.cohort.reconnect ?? NONE, 1, this.#draws());
    if (delay === undefined) return;
    const now = clock.now();
    const dueAt = now + Math.max(delay, this.#window?.wait(now) ?? 0);
    await this.#until(dueAt);
    if (this.#left) return;
    const connected = await this.#attempt('connect', await this.#place(dueAt), 2);
    if (connected.kind === 'accepted') traffic.reconnected += 1;
  }

  /** The journey is over, whatever it is doing: it starts nothing more and counts nothing more. */
  leave(): void {
    this.#left = true;
    for (const wait of this.#waits ?? []) wait.end();
  }

  /**
   * Registers or connects until it goes well, or the policy gives up.
   * @param intendedAt of the first attempt: whoever gets through with a later one has waited since then, so latency counts from there
   * @param failed     attempts in a row, with this one
   */
  async #attempt(verb: 'register' | 'connect', intendedAt: number, failed: number): Promise<Outcome> {
    const { clock, meter, security } = this.#env;
    const bend = { security };
    const { marks } = this.#unit;
    for (let count = failed; ; count++) {
      const startedAt = clock.now();
      this.#window?.note(startedAt);
      this.#dialledAt = startedAt;
      this.#dials?.note(startedAt);
      this.#env.connects?.note(startedAt);
      const outcome = verb === 'register' ? await this.#unit.register(bend) : await this.#unit.connect(bend);
      if (this.#left) return STOPPED;
      this.#note(verb, outcome, outcomeKey(outcome));
      if (outcome.kind === 'issued') meter.passed('register', { intendedAt, startedAt, endedAt: marks.issuedAt ?? startedAt });
      else if (outcome.kind === 'accepted')
        meter.passed('connect', { intendedAt, startedAt: marks.dialledAt ?? startedAt, endedAt: marks.acceptedAt ?? startedAt });
      else if (isWorthAnother(verb, outcome)) {
        const delay = retryDelay(this.#planned.cohort.reconnect ?? NONE, count, this.#draws());
        if (delay === undefined) return outcome;
        await this.#until(clock.now() + Math.max(delay, this.#window?.wait(clock.now()) ?? 0));
        if (!this.#left) await this.#place(clock.now());
        if (this.#left) return STOPPED;
        continue;
      }
      return outcome;
    }
  }

  #note(phase: ErrorPhase, outcome: Outcome, key: string): void {
    if (this.#left) return;
    const { clock, count, meter } = this.#env;
    const cause = this.#causeOf(outcome);
    count(cause && 'own' in cause ? `own fault ${cause.own}` : key);
    meter.outcome(outcome, { deviceName: this.#planned.identity.deviceName, phase, at: clock.now() }, cause);
  }

  /** What else is known of why a connection ended: a platform that closes gives no reason. */
  #causeOf(outcome: Outcome): Cause | undefined {
    if (outcome.kind !== 'closed' && outcome.kind !== 'silent') return undefined;
    const { clock, connects, own } = this.#env;
    if (own?.brokeAs !== undefined) return { own: own.brokeAs };
    if (outcome.kind === 'silent') return undefined;
    const now = clock.now();
    const established = outcome.stage === 'session' || outcome.stage === 'reply';
    if (established && this.#sends?.isOver(now)) return { over: 'device-publishes' };
    if (established && now - this.#dialledAt > NEW_MS) return undefined;
    if (this.#dials?.isOver(now)) return { over: 'device-connects' };
    return connects?.wasOver(this.#dialledAt) ? { over: 'new-connections' } : undefined;
  }

  /** Thinks before the next step; when that is due. */
  async #thought(since: number): Promise<number> {
    const { think } = this.#planned.cohort;
    if (!think) return since;
    const dueAt = since + this.#drawn(think);
    await this.#until(dueAt);
    return dueAt;
  }

  /** Waits for a place among the connects of the run; when that would be for whoever is there in time. */
  async #place(intendedAt: number): Promise<number> {
    const { clock, pacer } = this.#env;
    if (!pacer) return intendedAt;
    const now = clock.now();
    const at = pacer.take(now);
    await this.#until(at);
    return intendedAt + at - now;
  }

  #drawn({ min, max }: Range): number {
    return min === max ? min : min + this.#draws().float() * (max - min);
  }

  #draws(): Random {
    return (this.#random ??= this.#env.random());
  }

  /** Waits for a moment of the clock; false when the journey is over, at once. How late the timer is, is the generator's lag. */
  #until(at: number): Promise<boolean> {
    const { clock, meter } = this.#env;
    if (this.#left || at <= clock.now()) return Promise.resolve(!this.#left);
    const waits = (this.#waits ??= new Set());
    return new Promise((resolve) => new Wait(clock, at, meter, waits, resolve));
  }
}
