// What one unit publishes while it is online: once, or on an absolute schedule, each filled in from its cohort's templates.
import { within, type Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import { outcomeKey, type Outcome } from '../../kernel/trace/outcome.ts';
import { formatPropertyPost } from '../../protocol/payload.ts';
import { propertyPost } from '../../protocol/topics.ts';
import type { Unit } from '../unit/unit.ts';
import type { Content } from './fleet-publishing.ts';
import type { Meter } from './meter.ts';
import type { PlannedUnit } from './plan.ts';
import type { Publishing } from './plan-cohort.ts';
import type { TemplateContext, TemplateFacts } from './template.ts';

/** What happens while units are online, counted over all units of a share. */
export interface Traffic {
  /** Publishes, and those that went well: answered, acknowledged, or (QoS 0 without a reply) handed over. */
  published: number;
  answered: number;
  /** Publishes that began late, because the one before was still waiting for its answer. */
  overruns: number;
  /** Publishes that were due while the unit had no connection: they were left out. */
  missed: number;
  /** Connections that were lost after the unit was online, and units that came back. */
  lost: number;
  reconnected: number;
  /** Units whose session was over. */
  left: number;
}

export interface PublisherEnv {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly traffic: Traffic;
  readonly namespace: string;
  /** How long an answer may take, milliseconds. */
  readonly replyMs: number;
  readonly content: (context: TemplateContext) => Content;
  /** The unit's draws of what it publishes; made when they are needed. */
  readonly random: () => Random;
  /** Counts how a publish ended. */
  readonly note: (outcome: Outcome, key: string) => void;
  /** Told of each publish as it goes. */
  readonly sent: (at: number) => void;
}

const DONE: Outcome = { kind: 'accepted', sessionPresent: false };

export class Publisher {
  readonly #publishing: Publishing;
  readonly #unit: Unit;
  readonly #env: PublisherEnv;
  readonly #facts: { -readonly [key in keyof TemplateFacts]: TemplateFacts[key] };
  readonly #context: TemplateContext;
  /** When the first publish was due: the schedule of all of them. */
  #firstAt = 0;
  /** When the last one would have been over, had it begun as soon as it could. */
  #freeAt = 0;
  #asking = false;

  constructor(publishing: Publishing, { index, number, identity, cohort }: PlannedUnit, unit: Unit, env: PublisherEnv) {
    this.#publishing = publishing;
    this.#unit = unit;
    this.#env = env;
    const { deviceName, productKey } = identity;
    this.#facts = { index, number, deviceName, productKey, cohort: cohort.name, namespace: env.namespace, n: 0, now: 0 };
    let random: Random | undefined;
    this.#context = { facts: this.#facts, state: [], random: () => (random ??= env.random()) };
  }

  /** A publish waits for its answer; it says so itself when the connection is lost. */
  get asking(): boolean {
    return this.#asking;
  }

  /** @param dueAt when the plan wants it, milliseconds of the clock */
  first(dueAt: number): Promise<void> {
    this.#firstAt = dueAt;
    return this.#publish(dueAt, dueAt);
  }

  /**
   * One publish after another. None is skipped for being late; without a connection there is nothing to send.
   * @param until waits for a moment of the clock, and tells the meter how late its timer was; false when the unit has left
   */
  async keep(until: (at: number) => Promise<boolean>): Promise<void> {
    const { clock, meter, traffic } = this.#env;
    const { everyMs } = this.#publishing;
    if (everyMs === undefined) return;
    for (let nth = 1; ; nth++) {
      const dueAt = this.#firstAt + nth * everyMs;
      const behind = clock.now() >= dueAt;
      if (!(await until(dueAt))) return;
      if (this.#unit.state !== 'online') traffic.missed += 1;
      else {
        // It waits for the one before at the most; the rest of its delay is the generator's, which was late with that one or with this.
        const couldAt = Math.max(dueAt, this.#freeAt);
        if (couldAt > dueAt) traffic.overruns += 1;
        if (behind) meter.late(clock.now() - couldAt);
        await this.#publish(dueAt, couldAt);
      }
    }
  }

  /** @param couldAt when it would have begun on a generator that is never late */
  async #publish(dueAt: number, couldAt: number): Promise<void> {
    const { clock, meter, traffic, content, note, sent } = this.#env;
    const startedAt = clock.now();
    this.#facts.n += 1;
    this.#facts.now = Math.floor(startedAt);
    const filled = content(this.#context);
    meter.posted(startedAt);
    traffic.published += 1;
    sent(startedAt);
    this.#asking = true;
    const outcome = await this.#send(filled, startedAt);
    this.#asking = false;
    const settledAt = clock.now();
    this.#freeAt = couldAt + settledAt - startedAt;
    if (outcome.kind === 'aborted') return;
    const { qos, reply } = this.#publishing;
    const well = filled.kind === 'properties' && reply ? 'replied' : qos === 1 ? 'acknowledged' : 'sent';
    note(outcome, outcome.kind === 'accepted' ? well : `post ${outcomeKey(outcome)}`);
    if (outcome.kind !== 'accepted') return;
    traffic.answered += 1;
    const endedAt = well === 'replied' ? (this.#unit.marks.repliedAt ?? settledAt) : settledAt;
    // Bytes that were only handed over say nothing of the platform.
    if (well !== 'sent') meter.passed('post', { intendedAt: dueAt, startedAt, endedAt });
  }

  async #send(content: Content, startedAt: number): Promise<Outcome> {
    const { clock, replyMs } = this.#env;
    const { qos, reply } = this.#publishing;
    const { productKey, deviceName } = this.#unit.identity;
    if (content.kind === 'properties' && reply) return this.#unit.post(content.params, qos);
    const [topic, payload] =
      content.kind === 'message'
        ? [content.topic, content.payload]
        : [propertyPost(productKey, deviceName), formatPropertyPost({ id: String(this.#facts.n), params: content.params })];
    const written = await within(clock, replyMs, this.#unit.publish(topic, payload, qos), () => 'silent' as const);
    if (written === 'silent') return { kind: 'silent', stage: 'session', waitedMs: replyMs };
    return written ? DONE : { kind: 'closed', stage: 'session', afterMs: clock.now() - startedAt };
  }
}
