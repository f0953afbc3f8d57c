// Runs the `drive` of a case and keeps its spans. It judges nothing.
import { ALPHANUMERIC, LOWER_HEX, seededRandom } from '../../kernel/random.ts';
import { pause, type Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Json, TraceEvent } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { Redactor } from '../../kernel/trace/redact.ts';
import type { EditionName } from '../../protocol/editions.ts';
import type { OpenSession, Timeouts } from '../../worker/session/session.ts';
import type { HttpsRegistrar } from '../../worker/transport/http-register.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import { Unit } from '../../worker/unit/unit.ts';
import { stored, THIS_MACHINE, type CaseRecord, type SpanRecord, type SpanVerb } from '../judge/record.ts';
import type { CaseOperator, CaseUnit, Drive, PlatformCase, UnitOptions } from './case.ts';
import { OperatorFault, type CaseProduct, type Operator } from './operator.ts';
import type { DevicePace } from './pacing.ts';
import { watchStalls } from './stalls.ts';

export interface CaseEnv {
  readonly clock: Clock;
  readonly seed: string;
  readonly namespace: string;
  readonly transport: Transport;
  /** The target's WebSocket endpoints alone, where it has some. */
  readonly websocket?: Transport;
  /** Registration over HTTPS, where the target has a host for it. */
  readonly https?: HttpsRegistrar;
  readonly openSession: OpenSession;
  readonly timeouts: Timeouts;
  readonly edition: EditionName;
  readonly operator: Operator;
  /** How long to wait so that no declared limit explains a refusal, milliseconds. */
  readonly paceMs: number;
  /** Waits no longer than the attempts of each device ask for, instead of `paceMs`. */
  readonly devicePace?: DevicePace;
  readonly redactor: Redactor;
  /** On the wall clock: watches whether this program keeps up, and stores how long it did not. */
  readonly watchStalls?: true;
}

const NO_WEBSOCKET: Transport = {
  offersPlain: false,
  dial: () => Promise.resolve({ ok: false, outcome: { kind: 'unreachable', stage: 'ws', code: 'NO_ENDPOINT' } }),
};

/** A span with its events as they passed, secrets included. */
type Kept = Omit<SpanRecord, 'events'> & { readonly raw: readonly TraceEvent[] };

/** Collects the spans of one case; at most one span of a unit is open at a time. */
export class SpanLog {
  /** In the order in which they began, whatever ends first; undefined until they end. */
  readonly #spans = new Map<string, Kept | undefined>();
  /** How many events of each unit its spans have told. */
  readonly #seen = new WeakMap<readonly TraceEvent[], number>();
  readonly #clock: Clock;
  readonly #redactor: Redactor;

  constructor(clock: Clock, redactor: Redactor) {
    this.#clock = clock;
    this.#redactor = redactor;
  }

  /** Runs `action` and stores what `events` gained meanwhile under `name`. */
  async span(
    name: string,
    verb: SpanVerb,
    unit: string | null,
    events: readonly TraceEvent[],
    action: () => Promise<Outcome | Facts>,
  ): Promise<Outcome | Facts> {
    if (this.#spans.has(name)) throw new Error(`span ${name} exists already`);
    this.#spans.set(name, undefined);
    const startedAt = this.#clock.now();
    const from = events.length;
    // How a connection ended between two spans is told in the second, or nobody could say why its unit is off-line.
    const unseen = events.slice(this.#seen.get(events) ?? 0).filter((event) => event.kind === 'closed');
    const result = await action();
    this.#seen.set(events, events.length);
    const outcome = isOutcome(result) ? result : null;
    this.#spans.set(name, {
      name,
      unit,
      verb,
      startedAt,
      endedAt: this.#clock.now(),
      outcome,
      facts: outcome ? {} : result,
      raw: [...unseen, ...events.slice(from)],
    });
    return result;
  }

  /** What the case itself found out. */
  note(name: string, facts: Facts, verb: SpanVerb = 'operator'): void {
    const at = this.#clock.now();
    this.#spans.set(name, { name, unit: null, verb, startedAt: at, endedAt: at, outcome: null, facts, raw: [] });
  }

  /** As they may be stored: all at once, since a crowd's secrets are thousands and each new one makes the redactor start over. */
  spans(): readonly SpanRecord[] {
    const kept = [...this.#spans.values()].filter((span) => span !== undefined);
    return kept.map(({ raw, ...span }) => ({ ...span, events: raw.map((event) => stored(event, this.#redactor)) }));
  }
}

export interface Facts {
  readonly [key: string]: Json;
}

function isOutcome(result: Outcome | Facts): result is Outcome {
  return typeof result['kind'] === 'string';
}

const NAME_TAG = 6;
const SECRET_LENGTH = 32;

/** Drives one case to its end; a fault of the harness ends it early and is recorded. */
export async function driveCase(definition: PlatformCase, env: CaseEnv): Promise<CaseRecord> {
  const log = new SpanLog(env.clock, env.redactor);
  const units: Unit[] = [];
  let fault: string | null = null;
  const stalls = env.watchStalls ? watchStalls(env.clock) : undefined;
  try {
    const product = await env.operator.provideProduct(definition.id);
    env.redactor.secret(product.productSecret);
    await definition.drive(makeDrive(definition, env, product, log, units));
  } catch (error) {
    fault = env.redactor.text(messageOf(error));
  } finally {
    await Promise.all(units.map((unit) => unit.disconnect()));
    const stalledMs = stalls?.() ?? 0;
    if (stalledMs > 0) log.note(THIS_MACHINE, { stalledMs }, 'watch');
  }
  return { case: definition.id, seed: env.seed, spans: log.spans(), fault };
}

function makeDrive(definition: PlatformCase, env: CaseEnv, product: CaseProduct, log: SpanLog, units: Unit[]): Drive {
  const tag = seededRandom('name', env.seed, env.namespace, definition.id).text(NAME_TAG, ALPHANUMERIC);
  const name = (label: string): string => `${label}-${tag}`;
  const makeUnit = (label: string, options: UnitOptions): CaseUnit => {
    const events: TraceEvent[] = [];
    let whenEnded: (() => void)[] = [];
    const transport = options.over === 'websocket' ? (env.websocket ?? NO_WEBSOCKET) : env.transport;
    const device = `${options.deviceName}&${(options.product ?? product).productKey}`;
    const ended = (): Promise<void> => new Promise((resolve) => (unit.state === 'online' ? whenEnded.push(resolve) : resolve()));
    const unit = new Unit(
      { unitId: label, mode: options.mode, deviceName: options.deviceName, ...(options.product ?? product) },
      {
        clock: env.clock,
        random: seededRandom('unit', env.seed, env.namespace, definition.id, label),
        transport: env.devicePace?.transport(device, transport) ?? transport,
        ...(env.https ? { https: env.devicePace?.registrar(device, env.https) ?? env.https } : {}),
        openSession: env.openSession,
        timeouts: env.timeouts,
        edition: env.edition,
        signMethod: options.signMethod ?? 'hmacsha256',
        sink: (event) => events.push(event),
        secret: (text) => env.redactor.secret(text),
        onState: (state) => {
          if (state === 'online') return;
          for (const done of whenEnded) done();
          whenEnded = [];
        },
      },
    );
    units.push(unit);
    const verb = (span: string, what: SpanVerb, action: () => Promise<Outcome>): Promise<Outcome> =>
      log.span(span, what, label, events, action) as Promise<Outcome>;
    const watch = (span: string, what: SpanVerb, action: () => Promise<Facts>): Promise<void> =>
      log.span(span, what, label, events, action).then(() => undefined);
    return {
      deviceName: options.deviceName,
      register: (span, bend) => verb(span, 'register', () => unit.register(bend)),
      registerOverHttps: (span, bend) => verb(span, 'register', () => unit.registerOverHttps(bend)),
      connect: (span, bend) => verb(span, 'connect', () => unit.connect(bend)),
      connectAndListen: (span, ms, bend) =>
        verb(span, 'connect', async () => {
          const outcome = await unit.connect(bend);
          await pause(env.clock, ms);
          return outcome;
        }),
      boot: (span) => verb(span, 'boot', () => unit.boot()),
      post: (span) => verb(span, 'post', () => unit.post({ temperature: 21.5 })),
      subscribe: (span, filters) => watch(span, 'subscribe', async () => ({ granted: await unit.subscribe(filters) })),
      publish: (span, messages) =>
        watch(span, 'watch', async () => {
          let sent = 0;
          for (const { topic, payload, qos = 0 } of messages) if (await unit.publish(topic, payload, qos)) sent += 1;
          return { sent };
        }),
      inject: (span, bytes, ms) =>
        watch(span, 'watch', async () => {
          const sent = unit.inject(bytes);
          await pause(env.clock, ms);
          return { sent };
        }),
      disconnect: (span) => watch(span, 'disconnect', () => unit.disconnect().then(() => ({}))),
      loseConnection: (span) =>
        watch(span, 'disconnect', () => {
          unit.cutPower();
          return Promise.resolve({});
        }),
      watch: (span, ms) => watch(span, 'watch', () => pause(env.clock, ms).then(() => ({}))),
      watchEnd: (span, until) => watch(span, 'watch', () => Promise.race([ended(), until]).then(() => ({}))),
      factoryReset: () => unit.factoryReset(),
      credentials: () => unit.flash.read(),
    };
  };
  const added = async (label: string): Promise<string> => {
    const deviceName = (await env.operator.takeName?.(product.productKey)) ?? name(label);
    await log.span(`added-${label}`, 'operator', null, [], async () => {
      if (!env.operator.takeName) await env.operator.addDevice(product.productKey, deviceName);
      return { deviceName };
    });
    return deviceName;
  };
  return {
    name,
    unit: makeUnit,
    added,
    product,
    async otherProduct() {
      const other = await env.operator.provideProduct(`${definition.id} other`);
      env.redactor.secret(other.productSecret);
      return other;
    },
    secret(label) {
      const text = seededRandom('secret', env.seed, env.namespace, definition.id, label).text(SECRET_LENGTH, LOWER_HEX);
      env.redactor.secret(text);
      return text;
    },
    async guard(mode) {
      const deviceName = mode === 'register' ? await added('guard') : name('guard');
      const guard = makeUnit('guard', { mode, deviceName });
      await guard.boot('guard');
      return guard;
    },
    operator: caseOperator(env.operator, product.productKey, log),
    wait: (ms) => pause(env.clock, ms),
    pace: () => env.devicePace?.rest() ?? (env.paceMs > 0 ? pause(env.clock, env.paceMs) : Promise.resolve()),
    note: (span, facts) => log.note(span, facts),
  };
}

function caseOperator(operator: Operator, productKey: string, log: SpanLog): CaseOperator {
  const act = async (span: string, action: () => Promise<Facts>): Promise<Facts> => await log.span(span, 'operator', null, [], action);
  const done = async (span: string, deviceName: string, work: () => Promise<void>): Promise<void> => {
    await act(span, () => work().then(() => ({ deviceName })));
  };
  return {
    setDynamicRegistration: (span, on) =>
      act(span, () => operator.setDynamicRegistration(productKey, on).then(() => ({ on }))).then(() => undefined),
    addDevice: (span, name, secret) => done(span, name, () => operator.addDevice(productKey, name, secret)),
    deleteDevice: (span, name) => done(span, name, () => operator.deleteDevice(productKey, name)),
    resetThing: (span, name) => done(span, name, () => operator.resetThing(productKey, name)),
    disable: (span, name) => done(span, name, () => operator.disable(productKey, name)),
    enable: (span, name) => done(span, name, () => operator.enable(productKey, name)),
    async attempt(span, action, name, clientId = '') {
      await act(span, async () => {
        try {
          await operator[action](productKey, name, clientId);
          return { done: true };
        } catch (error) {
          if (!(error instanceof OperatorFault)) throw error;
          return { done: false };
        }
      });
    },
    async readDevice(span, name) {
      await act(span, async () => {
        const reading = await operator.readDevice(productKey, name);
        return reading ? { exists: true, ...reading } : { exists: false };
      });
    },
    async clientIds(span, name) {
      const facts = await act(span, async () => {
        const clientIds = await operator.clientIds(productKey, name);
        return { count: clientIds.length, clientIds };
      });
      return facts['clientIds'] as readonly string[];
    },
    async clientIdTimes(span, name) {
      await act(span, async () => {
        const times = await operator.clientIdTimes?.(productKey, name);
        return times ? { times } : {};
      });
    },
    switchClientId: (span, name, clientId) => done(span, name, () => operator.switchClientId(productKey, name, clientId)),
    clearClientIds: (span, name) => done(span, name, () => operator.clearClientIds(productKey, name)),
    setProperty: (span, name, items) =>
      done(span, name, () => {
        if (!operator.setProperty) throw new Error('the operator of the target cannot set properties');
        return operator.setProperty(productKey, name, items);
      }),
  };
}
