// The platform as its fronts see it: the state machine with a clock. Fronts bring requests, and are told which sessions to close.
import type { Clock, Timer } from '../kernel/clock.ts';
import { seededRandom } from '../kernel/random.ts';
import type { EditionName } from '../protocol/editions.ts';
import { KEEP_ALIVE_SCAN_MS } from '../protocol/limits.ts';
import { connect } from './core/connect.ts';
import { dropSession, makeCore, type CloseReason, type ConnectDecision, type ConnectRequest, type Core, type Effect } from './core/core.ts';
import { operate, type OperatorCommand, type OperatorResult } from './core/operate.ts';
import type { Policy } from './core/policy.ts';
import { register, type Registration, type RegistrationRequest } from './core/register.ts';
import { due, nextDue, replied, scan } from './core/sweep.ts';

export interface PlatformOptions {
  readonly clock: Clock;
  /** Every secret, ClientID and token the platform invents follows from it. */
  readonly seed: string;
  readonly policy?: Policy;
  readonly edition?: EditionName;
}

export class Platform {
  readonly clock: Clock;
  readonly #core: Core;
  readonly #closers = new Map<number, (reason: CloseReason) => void>();
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

  /** Session `id` is gone, whoever ended it. */
  closed(id: number): void {
    this.#closers.delete(id);
    const session = this.#core.state.sessions.get(id);
    if (session) dropSession(this.#core, session);
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
    for (const close of [...this.#closers.values()]) close('deleted');
    this.#closers.clear();
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#closers.get(effect.session)?.(effect.reason);
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
