// How cases are carried out: in cells of worker threads against an embedded stub, or over sockets at a target.
import { ambientClock, type Clock } from '../kernel/clock.ts';
import { EXIT, UserError } from '../kernel/errors.ts';
import { LOWER_HEX, secureRandom } from '../kernel/random.ts';
import type { SessionName } from '../kernel/trace/event.ts';
import { Redactor } from '../kernel/trace/redact.ts';
import { DEFAULT_EDITION, type EditionName } from '../protocol/editions.ts';
import type { CaseDefinition, PlatformCase } from '../scenarios/engine/case.ts';
import type { CellAgent } from '../scenarios/engine/cell-agent.ts';
import { PACE_MS } from '../scenarios/engine/pace.ts';
import { examine } from '../scenarios/engine/doctor.ts';
import { driveCase } from '../scenarios/engine/drive.ts';
import type { CaseRun, CaseRunner } from '../scenarios/engine/suite.ts';
import type { Attestation, Subject } from '../scenarios/judge/results.ts';
import { timeless } from '../scenarios/judge/timeless.ts';
import { stubOperator } from '../scenarios/operators/stub.ts';
import type { Profile } from '../scenarios/rules/catalogue.ts';
import { sessionNamed } from '../worker/session/choose.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../worker/session/session.ts';
import type { HttpsRegistrar } from '../worker/transport/http-register.ts';
import { httpsRegistrar } from '../worker/transport/http-register.node.ts';
import { tcpTransport, type Endpoints } from '../worker/transport/tcp.node.ts';
import { openRemoteRun, type RemoteRun } from './administrator-run.ts';
import { openStub, type OpenStub } from './open-stub.ts';
import { operatorClient } from './operator-client.ts';
import { policyOfMutant } from './mutants.ts';
import { chooseTarget, type RemoteTarget } from './target.ts';
import { openThread, type Thread } from './threads.ts';

export interface RunnerOptions {
  readonly seed: string;
  readonly namespace?: string;
  /** Of the embedded stub. */
  readonly edition?: EditionName;
  readonly delayTurns: number;
  /** What the devices' MQTT sessions are; `reference` unless told. */
  readonly session?: SessionName;
  /** How long a target may take for each answer, seconds. */
  readonly timeout?: number;
  /** Where the cases of the user's come from: id → URL of the module. */
  readonly modules?: ReadonlyMap<string, string>;
  /** Where the files of the run go; a ledger is kept there as well. */
  readonly out?: string;
  /** At a target that is no stub: cases that delete, disable, reset, clear or toggle may run. */
  readonly allowDestructive?: boolean;
}

const EMBEDDED_PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator', 'https'];
const NAMESPACE_LENGTH = 8;

const EMBEDDED: Subject = {
  name: 'the embedded stub',
  kind: 'embedded-stub',
  endpoints: [],
  administrator: 'stub',
  paceMs: PACE_MS,
  destructiveAllowed: true,
};

export interface Runner {
  readonly subject: Subject;
  readonly edition: EditionName;
  /** Everything runs from the seed: the same run gives the same bytes. */
  readonly repeatable: boolean;
  readonly profiles: readonly Profile[];
  readonly namespace: string;
  readonly run: CaseRunner;
  /** Before the first case: what the run will take, lines for stderr; a UserError where it cannot be carried out. */
  before?(cases: readonly CaseDefinition[], jobs: number, profiles?: readonly Profile[]): readonly string[];
  /** What people said during the run. */
  attestations?(): readonly Attestation[];
  close(): Promise<void>;
}

/** Cells in threads; cases that need sockets meet a stub on loopback ports of this process. */
export function embeddedRunner(options: RunnerOptions, mutant: string | undefined): Runner {
  const namespace = options.namespace ?? '0';
  const edition = options.edition ?? DEFAULT_EDITION;
  const threads = new Set<Thread<CellAgent>>();
  const idle: Thread<CellAgent>[] = [];
  const runCell = async (definition: CaseDefinition): Promise<CaseRun> => {
    const thread = idle.pop() ?? openThread<CellAgent>('cell');
    threads.add(thread);
    const module = options.modules?.get(definition.id);
    const record = await thread.remote.run({
      caseId: definition.id,
      seed: options.seed,
      namespace,
      edition,
      extraTurns: options.delayTurns,
      ...(options.session === undefined ? {} : { session: options.session }),
      ...(module === undefined ? {} : { module }),
      ...(mutant === undefined ? {} : { mutant }),
    });
    idle.push(thread);
    return { kind: 'ran', record, clock: 'virtual' };
  };
  let sockets: Promise<OpenStub> | undefined;
  let leftBehind: (() => void) | undefined;
  const open = (): Promise<OpenStub> =>
    openStub(
      { json: true, seed: options.seed, edition, ...(mutant === undefined ? {} : { mutant }) },
      {
        policyOf: policyOfMutant,
        // A second Ctrl-C ends the process without `close`.
        holds(removeFiles) {
          leftBehind = removeFiles;
          process.on('exit', removeFiles);
        },
      },
    );
  return {
    subject: mutant === undefined ? EMBEDDED : { ...EMBEDDED, mutant },
    repeatable: true,
    edition,
    profiles: EMBEDDED_PROFILES,
    namespace,
    async run(definition): Promise<CaseRun> {
      if (definition.needs === 'cell') return runCell(definition);
      sockets ??= open();
      const stub = await sockets;
      const target = chooseTarget({ target: stub.target });
      if (target.kind !== 'remote' || definition.direction !== 'platform')
        return { kind: 'not-run', why: { en: 'it needs a platform on sockets', 'zh-CN': '需要经套接字连接的平台' } };
      const run = await overSockets(definition, target, options, namespace);
      // One seed, one transcript: what the wall clock and the system draw is left out before it is judged.
      return run.kind === 'ran' ? { ...run, record: timeless(run.record) } : run;
    },
    async close() {
      await Promise.all([...threads].map((thread) => thread.terminate()));
      await (await sockets)?.close();
      if (leftBehind) process.removeListener('exit', leftBehind);
    },
  };
}

/** Every case over sockets, on the wall clock. */
export async function remoteRunner(target: RemoteTarget, options: RunnerOptions): Promise<Runner> {
  const namespace = options.namespace ?? secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX);
  const complaint = await examine(tcpTransport({ ...target.sockets, clock: ambientClock(), timeouts: timeoutsOf(options) }), 'encrypted');
  if (complaint) throw new UserError(`${target.name} cannot be reached: ${complaint.what}`, complaint.remedy, EXIT.unreachable);
  const run = openRemoteRun(target, { ...options, namespace, clock: ambientClock() });
  return {
    subject: {
      name: target.name,
      kind: run.administrator === 'stub' ? 'stub' : 'platform',
      endpoints: Object.values(target.sockets.endpoints),
      administrator: run.administrator,
      paceMs: target.paceMs,
      destructiveAllowed: run.destructiveAllowed,
    },
    repeatable: false,
    edition: target.edition,
    profiles: run.profiles,
    namespace,
    run: (definition) =>
      definition.direction === 'platform'
        ? overSockets(definition, target, options, namespace, run)
        : Promise.resolve({
            kind: 'not-run',
            why: { en: 'a device is judged by a stub, not by a target', 'zh-CN': '设备由仿真平台评判，而非由目标平台评判' },
          }),
    before: (cases, jobs, profiles) =>
      run.before(
        cases.filter((one) => one.direction === 'platform'),
        jobs,
        profiles,
      ),
    attestations: () => run.attestations(),
    close() {
      run.close();
      return Promise.resolve();
    },
  };
}

function timeoutsOf({ timeout }: RunnerOptions): Timeouts {
  if (timeout === undefined) return DEFAULT_TIMEOUTS;
  const ms = timeout * 1_000;
  return { dial: ms, connack: ms, credentials: ms, reply: ms };
}

/** @param run what a run at a target that remembers keeps to; a stub of this process needs none of it */
async function overSockets(
  definition: PlatformCase,
  target: RemoteTarget,
  options: RunnerOptions,
  namespace: string,
  run?: RemoteRun,
): Promise<CaseRun> {
  if (definition.limits === 'off' && target.paceMs > 0)
    return {
      kind: 'not-applicable',
      why: {
        en: 'the target enforces limits, which would decide instead of the rule (pace.perDevicePerMinute)',
        'zh-CN': '目标启用了限流，届时起作用的将是限流而非规则（pace.perDevicePerMinute）',
      },
    };
  const clock = ambientClock();
  const transport = tcpTransport({ ...target.sockets, clock, timeouts: timeoutsOf(options) });
  const overHttps = definition.profiles.includes('https');
  if (overHttps && target.https === undefined)
    return { kind: 'not-run', why: { en: 'the target names no https endpoint', 'zh-CN': '目标未给出 https 端点' } };
  if (definition.carriedBy === 'wss' && target.sockets.endpoints.wss === undefined)
    return { kind: 'not-applicable', why: { en: 'the target names no wss endpoint', 'zh-CN': '目标未给出 wss 端点' } };
  if (definition.needs === 'sockets' && !overHttps && definition.carriedBy === undefined && !transport.offersPlain)
    return { kind: 'not-run', why: { en: 'the target names no plain endpoint', 'zh-CN': '目标未给出明文端点' } };
  const ofStub = target.administrator?.kind === 'stub';
  const ways = {
    transport,
    websocket: tcpTransport({ ...target.sockets, endpoints: webSocketsOf(target), clock, timeouts: timeoutsOf(options) }),
    ...(target.https === undefined ? {} : { https: registrarOf(target, target.https, clock, timeoutsOf(options)) }),
  };
  const env = {
    clock,
    seed: options.seed,
    namespace,
    timeouts: timeoutsOf(options),
    edition: target.edition,
    paceMs: target.paceMs,
    ...(run ? { watchStalls: true as const } : {}),
    redactor: new Redactor(ofStub ? `run ${options.seed}` : secureRandom().text(32, LOWER_HEX)),
  };
  if (run) return run.carryOut(definition, ways, sessionNamed(options.session), (site) => driveCase(definition, { ...env, ...site }));
  if (target.administrator?.kind !== 'stub') throw new Error('a stub of this process has an operator');
  const operator = stubOperator(operatorClient(target.administrator), options.seed, namespace);
  const record = await driveCase(definition, { ...env, ...ways, openSession: sessionNamed(options.session), operator });
  return { kind: 'ran', record, clock: 'wall' };
}

function webSocketsOf({ sockets: { endpoints } }: RemoteTarget): Endpoints {
  const { ws, wss } = endpoints;
  return { ...(ws === undefined ? {} : { ws }), ...(wss === undefined ? {} : { wss }) };
}

function registrarOf(
  { sockets: { ca, serverName, insecure, endpoints }, administrator }: RemoteTarget,
  url: string,
  clock: Clock,
  timeouts: Timeouts,
): HttpsRegistrar {
  return httpsRegistrar({
    url,
    // A stub serves HTTP where it serves `ws`.
    ...(administrator?.kind === 'stub' && endpoints.ws !== undefined ? { plain: endpoints.ws.replace(/^ws:/, 'http:') } : {}),
    clock,
    timeouts,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(insecure === undefined ? {} : { insecure }),
  });
}
