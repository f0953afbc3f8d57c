// Carries out cases over WebSockets. The operator is at the other end of a message port: a worker can neither ask a person nor know a token.
import { ambientClock, type Clock } from '../../kernel/clock.ts';
import { LOWER_HEX, secureRandom } from '../../kernel/random.ts';
import { Redactor } from '../../kernel/trace/redact.ts';
import type { EditionName } from '../../protocol/editions.ts';
import { CONNECTS_PER_ACCOUNT_PER_SECOND } from '../../protocol/limits.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import { examine, type Complaint } from '../../scenarios/engine/doctor.ts';
import { driveCase } from '../../scenarios/engine/drive.ts';
import { OperatorFault, type Operator } from '../../scenarios/engine/operator.ts';
import { devicePace, gated, gateOf, paceMsOf, throttlingIsNoRefusal } from '../../scenarios/engine/pacing.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import type { Transport } from '../../worker/transport/transport.ts';
import { muxWebSocketTransport } from '../../worker/transport/mux-websocket.ts';
import { openRelay, type RelayedPage } from '../../worker/transport/mux-websocket.web.ts';
import { webSocketTransport, type WebSocketTarget } from '../../worker/transport/websocket.web.ts';
import { judgedRecord, type JudgedRecord } from './judged.ts';

export type OperatorVerb = keyof Operator;

/** What came of an operator's action. The class of an error does not survive the way between threads, so it is said here. */
export type Acted =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refused: boolean; readonly why: string };

/** Has the page's operator do something for a case. */
export type Act = (caseId: string, verb: OperatorVerb, args: readonly unknown[]) => Promise<Acted>;

export interface SocketSetup {
  readonly target: WebSocketTarget | RelayedPage;
  /** Carries what has to go in clear, which no WebSocket of a page does; null without one. */
  readonly plain: RelayedPage | null;
  readonly edition: EditionName;
  readonly seed: string;
  readonly namespace: string;
  /** Attempts of one device that the target takes within any minute; null where it limits nothing. */
  readonly perDevicePerMinute: number | null;
  /** What the operator can do: some of it is left open by the interface. */
  readonly verbs: readonly OperatorVerb[];
}

export interface SocketCases {
  prepare(setup: SocketSetup, act: Act): Promise<void>;
  /** What is wrong below MQTT, if anything is. */
  examine(): Promise<Complaint | undefined>;
  run(caseId: string): Promise<JudgedRecord>;
}

const REDACTION_KEY = 32;

let prepared: { readonly setup: SocketSetup; readonly act: Act; readonly transport: Transport } | undefined;

function ready(): NonNullable<typeof prepared> {
  if (!prepared) throw new Error('the worker was not prepared');
  return prepared;
}

export const socketCases: SocketCases = {
  prepare(setup, act) {
    // One transport for all cases: it keeps account of the sockets that a page may have.
    const clock = ambientClock();
    const transport = transportTo(setup, clock);
    const limited = setup.perDevicePerMinute !== null;
    prepared = { setup, act, transport: limited ? gated(transport, gateOf(clock, CONNECTS_PER_ACCOUNT_PER_SECOND)) : transport };
    return Promise.resolve();
  },
  examine: () => examine(ready().transport, 'encrypted'),
  async run(caseId) {
    const { setup, act, transport } = ready();
    const definition = CASES.find((one) => one.id === caseId);
    if (definition?.direction !== 'platform') throw new Error(`no case ${caseId} of direction platform`);
    const clock = ambientClock();
    const perMinute = setup.perDevicePerMinute;
    const record = await driveCase(definition, {
      clock,
      seed: setup.seed,
      namespace: setup.namespace,
      transport,
      openSession: perMinute === null ? openReferenceSession : throttlingIsNoRefusal(openReferenceSession),
      timeouts: DEFAULT_TIMEOUTS,
      edition: setup.edition,
      operator: remoteOperator(setup.verbs, (verb, args) => act(caseId, verb, args)),
      ...(perMinute === null ? { paceMs: 0 } : { paceMs: paceMsOf(perMinute), devicePace: devicePace(clock, perMinute) }),
      watchStalls: true,
      redactor: new Redactor(secureRandom().text(REDACTION_KEY, LOWER_HEX)),
    });
    return judgedRecord(record);
  },
};

function transportTo({ target, plain }: SocketSetup, clock: Clock): Transport {
  const common = { clock, timeouts: DEFAULT_TIMEOUTS };
  const relayed = (page: RelayedPage): Transport =>
    muxWebSocketTransport({ ...common, target: page.target, connect: () => openRelay(page) });
  const usual = 'token' in target ? relayed(target) : webSocketTransport({ ...common, ...target });
  if (!plain) return usual;
  const clear = relayed(plain);
  return { offersPlain: clear.offersPlain, dial: (security, way) => (security === 'plain' ? clear : usual).dial(security, way) };
}

function remoteOperator(verbs: readonly OperatorVerb[], act: (verb: OperatorVerb, args: readonly unknown[]) => Promise<Acted>): Operator {
  const does = async (verb: OperatorVerb, args: readonly unknown[]): Promise<unknown> => {
    const acted = await act(verb, args);
    if (acted.ok) return acted.value;
    throw acted.refused ? new OperatorFault(acted.why) : new Error(acted.why);
  };
  return Object.fromEntries(verbs.map((verb) => [verb, (...args: unknown[]) => does(verb, args)])) as unknown as Operator;
}
