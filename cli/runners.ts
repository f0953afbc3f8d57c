// How cases are carried out: in cells of worker threads against an embedded stub, or over sockets at a target.
import { ambientClock } from '../kernel/clock.ts';
import { EXIT, UserError } from '../kernel/errors.ts';
import { LOWER_HEX, secureRandom } from '../kernel/random.ts';
import { Redactor } from '../kernel/trace/redact.ts';
import { DEFAULT_EDITION, type EditionName } from '../protocol/editions.ts';
import type { CaseDefinition, PlatformCase } from '../scenarios/engine/case.ts';
import type { CellAgent } from '../scenarios/engine/cell-agent.ts';
import { PACE_MS } from '../scenarios/engine/pace.ts';
import { examine } from '../scenarios/engine/doctor.ts';
import { driveCase } from '../scenarios/engine/drive.ts';
import type { Operator } from '../scenarios/engine/operator.ts';
import type { CaseRun, CaseRunner } from '../scenarios/engine/suite.ts';
import type { Subject } from '../scenarios/judge/results.ts';
import { timeless } from '../scenarios/judge/timeless.ts';
import { stubOperator } from '../scenarios/operators/stub.ts';
import type { Profile } from '../scenarios/rules/catalogue.ts';
import { openReferenceSession } from '../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../worker/session/session.ts';
import { tcpTransport } from '../worker/transport/tcp.node.ts';
import { openStub, type OpenStub } from './open-stub.ts';
import { operatorClient } from './operator-client.ts';
import { policyOfMutant } from './mutants.ts';
import { chooseTarget, type RemoteTarget } from './target.ts';
import { openThread, type Thread } from './threads.ts';

export interface RunnerOptions {
  readonly seed: string;
  readonly namespace?: string;
  readonly delayTurns: number;
  /** Where the cases of the user's come from: id → URL of the module. */
  readonly modules?: ReadonlyMap<string, string>;
}

const EMBEDDED_PROFILES: readonly Profile[] = ['prereg', 'nwl', 'operator'];
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
  close(): Promise<void>;
}

/** Cells in threads; cases that need sockets meet a stub on loopback ports of this process. */
export function embeddedRunner(options: RunnerOptions, mutant: string | undefined): Runner {
  const namespace = options.namespace ?? '0';
  const edition = DEFAULT_EDITION;
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
      { json: true, seed: options.seed, ...(mutant === undefined ? {} : { mutant }) },
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
  const complaint = await examine(tcpTransport({ ...target.sockets, clock: ambientClock(), timeouts: DEFAULT_TIMEOUTS }), 'encrypted');
  if (complaint) throw new UserError(`${target.name} cannot be reached: ${complaint.what}`, complaint.remedy, EXIT.unreachable);
  const modes = target.profiles ?? ['prereg', 'nwl', 'operator'];
  return {
    subject: {
      name: target.name,
      kind: target.administrator ? 'stub' : 'platform',
      endpoints: Object.values(target.sockets.endpoints),
      administrator: target.administrator ? 'stub' : 'none',
      paceMs: target.paceMs,
      destructiveAllowed: target.administrator !== undefined,
    },
    repeatable: false,
    edition: target.edition,
    profiles: target.administrator ? modes : modes.filter((profile) => profile === 'nwl'),
    namespace,
    run: (definition) =>
      definition.direction === 'platform'
        ? overSockets(definition, target, options, namespace)
        : Promise.resolve({
            kind: 'not-run',
            why: { en: 'a device is judged by a stub, not by a target', 'zh-CN': '设备由仿真平台评判，而非由目标平台评判' },
          }),
    close: () => Promise.resolve(),
  };
}

async function overSockets(definition: PlatformCase, target: RemoteTarget, options: RunnerOptions, namespace: string): Promise<CaseRun> {
  if (definition.limits === 'off' && target.paceMs > 0)
    return {
      kind: 'not-applicable',
      why: {
        en: 'the target enforces limits, which would decide instead of the rule (pace.perDevicePerMinute)',
        'zh-CN': '目标启用了限流，届时起作用的将是限流而非规则（pace.perDevicePerMinute）',
      },
    };
  const clock = ambientClock();
  const transport = tcpTransport({ ...target.sockets, clock, timeouts: DEFAULT_TIMEOUTS });
  if (definition.needs === 'sockets' && !transport.offersPlain)
    return { kind: 'not-run', why: { en: 'the target names no plain endpoint', 'zh-CN': '目标未给出明文端点' } };
  const record = await driveCase(definition, {
    clock,
    seed: options.seed,
    namespace,
    transport,
    openSession: openReferenceSession,
    timeouts: DEFAULT_TIMEOUTS,
    edition: target.edition,
    operator: operatorOf(target, options.seed, namespace),
    paceMs: target.paceMs,
    redactor: new Redactor(target.administrator ? `run ${options.seed}` : secureRandom().text(32, LOWER_HEX)),
  });
  return { kind: 'ran', record, clock: 'wall' };
}

/** A stub's operator makes a product for each case; without one, cases share the target's product and cannot be administered. */
function operatorOf(target: RemoteTarget, seed: string, namespace: string): Operator {
  if (target.administrator) return stubOperator(operatorClient(target.administrator), seed, namespace);
  const { productKey, productSecret } = target;
  const nobody = (): Promise<never> => Promise.reject(new Error('the target has no administrator'));
  return {
    provideProduct: () => Promise.resolve({ productKey, productSecret }),
    setDynamicRegistration: nobody,
    addDevice: nobody,
    deleteDevice: nobody,
    resetThing: nobody,
    disable: nobody,
    enable: nobody,
    readDevice: nobody,
    clientIds: nobody,
    switchClientId: nobody,
    clearClientIds: nobody,
  };
}
