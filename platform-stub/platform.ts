// The platform as its fronts see it: the state machine with a clock. Fronts bring requests, and are told which sessions to close.
import type { Clock, Timer } from '../kernel/clock.ts';
import { seededRandom } from '../kernel/random.ts';
import type { EditionName } from '../protocol/editions.ts';
import { codeMeaning } from '../protocol/codes.ts';
import { KEEP_ALIVE_SCAN_MS } from '../protocol/limits.ts';
import { PROPERTY_SET_METHOD } from '../protocol/payload.ts';
import { propertySet } from '../protocol/topics.ts';
import { connect } from './core/connect.ts';
import {
  closeSessions,
  dropSession,
  makeCore,
  type CloseReason,
  type ConnectDecision,
  type ConnectRequest,
  type Core,
  type Effect,
} from './core/core.ts';
import type { Log, NewEntry } from './core/log.ts';
import { operate, type OperatorCommand, type OperatorResult } from './core/operate.ts';
import type { Options } from './core/options.ts';
import type { Policy } from './core/policy.ts';
import { statusOf } from './core/query.ts';
import { register, type Registration, type RegistrationRequest } from './core/register.ts';
import { restoreSnapshot, takeSnapshot, type Snapshot } from './core/snapshot.ts';
import type { Device, DeviceStatus, PlatformState } from './core/state.ts';
import { due, nextDue, replied, scan } from './core/sweep.ts';

export interface PlatformOptions {
  readonly clock: Clock;
  /** Every secret, ClientID and token the platform invents follows from it. */
  readonly seed: string;
  readonly policy?: Policy;
  readonly edition?: EditionName;
  /** What the edition leaves open, set otherwise. */
  readonly options?: Partial<Options>;
  readonly instanceId?: string;
}

/** What became of it: on its way, kept for a session that outlives its connection, too many in this second, or nobody's. */
export type Delivery = 'sent' | 'queued' | 'throttled' | 'nobody';

/** Codes of section 7.2. */
const CLOUD_CODE = { ok: 200, throttled: 429, notActivated: 9200, offline: 9201 } as const;

/** A message of the platform to a device that may be online or not. */
export interface Downlink {
  readonly device: Device;
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
}

export class Platform {
  readonly clock: Clock;
  readonly #core: Core;
  readonly #closers = new Map<number, (reason: CloseReason) => void>();
  readonly #downlinks = new Set<(message: Downlink) => Delivery>();

  #sessions = 0;
  #dueTimer: Timer | undefined;
  #scanTimer: Timer | undefined;
  #stopped = false;

  constructor(options: PlatformOptions) {
    const { clock, seed, ...core } = options;
    this.clock = clock;
    this.#core = makeCore({ ...core, draws: (...labels) => seededRandom('platform', seed, ...labels) });
  }

  get policy(): Policy {
    return this.#core.policy;
  }

  /** What the documents leave open, as this platform has it. */
  get options(): Options {
    return this.#core.options;
  }

  /** What it remembers, to read only. */
  get state(): PlatformState {
    return this.#core.state;
  }

  get log(): Log {
    return this.#core.log;
  }

  statusOf(device: Device): DeviceStatus {
    return statusOf(this.#core, device);
  }

  /** Asked to carry each message to a device; the function returned ends that. */
  onDownlink(deliver: (message: Downlink) => Delivery): () => void {
    this.#downlinks.add(deliver);
    return () => this.#downlinks.delete(deliver);
  }

  /** All that it remembers, secrets included. */
  snapshot(): Snapshot {
    return takeSnapshot(this.#core, this.clock.now());
  }

  /** Puts a snapshot in the place of what it knew, and ends every connection first. */
  restore(snapshot: Snapshot): void {
    this.#endAll();
    restoreSnapshot(this.#core, snapshot);
  }

  /** Writes an entry that a front knows of: messages. */
  note(entry: NewEntry): void {
    this.#core.log.add(entry, this.clock.now());
  }

  /** A session number for a new connection, and what ends that connection when the platform wants it to. */
  open(close: (reason: CloseReason) => void): number {
    const id = ++this.#sessions;
    this.#closers.set(id, close);
    return id;
  }

  connect(request: ConnectRequest): ConnectDecision {
    const [decision, effects] = connect(this.#core, request, this.clock.now());
    this.#carryOut(effects);
    if (decision.kind === 'online') this.#armScan();
    return decision;
  }

  /** HTTPS registration: same checks, no session. */
  register(request: RegistrationRequest): Registration {
    const outcome = register(this.#core, request, this.clock.now());
    if (outcome.kind === 'issued') this.#carryOut(outcome.effects);
    return outcome;
  }

  operate(command: OperatorCommand): OperatorResult {
    const [result, effects] = operate(this.#core, command, this.clock.now());
    this.#carryOut(effects);
    return result;
  }

  /** The reply of registration session `id` was written. */
  replied(id: number): void {
    replied(this.#core, id, this.clock.now());
    this.#armDue();
  }

  /** A packet came on session `id`. */
  touch(id: number): void {
    const session = this.#core.state.sessions.get(id);
    if (session) session.lastPacketAt = this.clock.now();
  }

  /** Session `id` is gone, and the client ended it: how, in the words of the log (section 7.3). */
  closed(id: number, reason = 'Device disconnect'): void {
    this.#closers.delete(id);
    const session = this.#core.state.sessions.get(id);
    if (session) dropSession(this.#core, session, reason, this.clock.now());
  }

  /** Connections that are open now, registrations included. */
  get openSessions(): number {
    return this.#closers.size;
  }

  /** Ends every connection and every timer. */
  stop(): void {
    this.#stopped = true;
    this.#dueTimer?.cancel();
    this.#scanTimer?.cancel();
    this.#endAll();
    this.#closers.clear();
  }

  /** Also connections that have not said who they are. */
  #endAll(): void {
    const strangers = new Map(this.#closers);
    const ended = closeSessions(this.#core, this.#core.state.sessions.values(), 'stopped', this.clock.now());
    for (const effect of ended) if (effect.kind === 'close') strangers.delete(effect.session);
    this.#carryOut(ended);
    for (const close of strangers.values()) close('stopped');
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'close') this.#closers.get(effect.session)?.(effect.reason);
      else this.#setProperty(effect);
    }
  }

  /** Section 11: a property set, which waits at QoS 1 for a device whose session outlives its connection. */
  #setProperty({ device, messageId, items }: Extract<Effect, { kind: 'set-property' }>): void {
    const { productKey, deviceName } = device;
    const topic = propertySet(productKey, deviceName);
    const payload = JSON.stringify({ id: messageId, version: '1.0', params: items, method: PROPERTY_SET_METHOD });
    const deliveries = [...this.#downlinks].map((deliver) => deliver({ device, topic, payload, qos: 1 }));
    const how = deliveries.find((one) => one !== 'nobody') ?? 'nobody';
    const nobody = device.activatedAt === undefined ? CLOUD_CODE.notActivated : CLOUD_CODE.offline;
    const code = { sent: CLOUD_CODE.ok, queued: CLOUD_CODE.ok, throttled: CLOUD_CODE.throttled, nobody }[how];
    const reason = code === CLOUD_CODE.ok ? how : codeMeaning(code);
    this.note({ type: 'downlink', productKey, deviceName, messageId, operation: 'publish', content: topic, code, reason });
  }

  #armDue(): void {
    const next = nextDue(this.#core);
    if (next === undefined || this.#dueTimer || this.#stopped) return;
    this.#dueTimer = this.clock.after(Math.max(0, next - this.clock.now()), () => {
      this.#dueTimer = undefined;
      this.#carryOut(due(this.#core, this.clock.now()));
      this.#armDue();
    });
  }

  #armScan(): void {
    if (this.#stopped) return;
    this.#scanTimer ??= this.clock.after(KEEP_ALIVE_SCAN_MS - (this.clock.now() % KEEP_ALIVE_SCAN_MS), () => {
      this.#scanTimer = undefined;
      this.#carryOut(scan(this.#core, this.clock.now()));
      if (this.#core.state.sessions.size > 0) this.#armScan();
    });
  }
}
