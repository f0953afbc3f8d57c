// A run at a target that remembers: it keeps to the target's limits, writes down what it does, does nothing destructive unasked, and ends
// a case that nobody could administer as not run.
import type { Clock } from '../kernel/clock.ts';
import type { PlatformCase } from '../scenarios/engine/case.ts';
import type { CaseEnv } from '../scenarios/engine/drive.ts';
import { isDestructive } from '../scenarios/engine/forecast.ts';
import { applies } from '../scenarios/engine/requirements.ts';
import { ledgered, ledgeredRegistrar, ledgeredSessions } from '../scenarios/engine/ledger.ts';
import { devicePace, gated, gatedRegistrar, gateOf, throttlingIsNoRefusal, type Gate } from '../scenarios/engine/pacing.ts';
import type { CaseRun } from '../scenarios/engine/suite.ts';
import type { CaseRecord } from '../scenarios/judge/record.ts';
import type { Attestation } from '../scenarios/judge/results.ts';
import type { Said } from '../scenarios/judge/verdict.ts';
import type { Ask } from '../scenarios/operators/human.ts';
import type { Profile } from '../scenarios/rules/catalogue.ts';
import type { OpenSession } from '../worker/session/session.ts';
import type { HttpsRegistrar } from '../worker/transport/http-register.ts';
import type { Transport } from '../worker/transport/transport.ts';
import { described, noticed, openAdministration, type Administration } from './administrator.ts';
import { forecastAt, forecastLines } from './forecast.ts';
import { openLedger } from './ledger.ts';
import type { RemoteTarget } from './target.ts';

export interface RunOptions {
  readonly clock: Clock;
  readonly seed: string;
  readonly namespace: string;
  /** A second ledger is kept there. */
  readonly out?: string | undefined;
  readonly allowDestructive?: boolean | undefined;
  /** Who is asked instead of the person at this terminal. */
  readonly ask?: Ask;
}

/** What a case is driven with here. */
type CaseSite = Pick<CaseEnv, 'operator' | 'openSession' | 'devicePace'> & Ways;

/** How the devices of a case reach the target. */
type Ways = Pick<CaseEnv, 'transport' | 'websocket' | 'https'>;

export interface RemoteRun {
  readonly administrator: Administration['kind'];
  /** Profiles that can be judged with this administrator, of those that the target claims. */
  readonly profiles: readonly Profile[];
  readonly destructiveAllowed: boolean;
  /** Refuses a run that cannot be carried out, and says what it will take: lines for stderr. `profiles` where fewer are claimed. */
  before(cases: readonly PlatformCase[], jobs: number, profiles?: readonly Profile[]): string[];
  /** One case at a time, where cases share the product. `drive` is given what the case needs. */
  carryOut(definition: PlatformCase, ways: Ways, open: OpenSession, drive: (site: CaseSite) => Promise<CaseRecord>): Promise<CaseRun>;
  attestations(): readonly Attestation[];
  close(): void;
}

const FORBIDDEN: Said = {
  en: 'it deletes, disables, resets, clears or toggles something at the target, which --allow-destructive has to allow',
  'zh-CN': '该用例会在目标上执行删除、禁用、重置、清空或开关切换，须以 --allow-destructive 允许',
};

/** Opens the administration and the ledger of a run. */
export function openRemoteRun(target: RemoteTarget, options: RunOptions): RemoteRun {
  const { clock, namespace } = options;
  const administration = openAdministration(target, options);
  const { append, files } = openLedger(namespace, options.out);
  append({
    what: 'run',
    run: namespace,
    target: target.name,
    productKey: target.productKey,
    administrator: described(target.administrator),
  });
  const gate = target.perSecond === undefined ? undefined : gateOf(clock, target.perSecond);
  const destructiveAllowed = administration.kind === 'stub' || options.allowDestructive === true;
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (!administration.oneAtATime) return work();
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const claimed = target.profiles ?? ['prereg', 'nwl', 'operator'];
  const can = (profile: Profile): boolean =>
    target.administrator !== undefined || profile === 'nwl' || (target.inventory !== undefined && profile !== 'operator');
  const profiles = claimed.filter(can);

  return {
    administrator: administration.kind,
    profiles,
    destructiveAllowed,
    before(cases, jobs, claims = profiles) {
      const applicable = cases.filter((one) => applies(one, claims) && !(one.limits === 'off' && target.paceMs > 0));
      const runnable = applicable.filter((one) => destructiveAllowed || !isDestructive(one.id, one.profiles));
      const lines = forecastLines(forecastAt(target, runnable, administration.oneAtATime ? 1 : jobs), administration.makesProducts);
      const held = applicable.length - runnable.length;
      if (held > 0) lines.push(`${held} destructive ${held === 1 ? 'case' : 'cases'} will not run without --allow-destructive`);
      lines.push(`run ${namespace}; what it makes is written to ${files[0] ?? ''}; \`muster cleanup ${namespace}\` removes it`);
      return lines;
    },
    async carryOut(definition, ways, open, drive) {
      if (!destructiveAllowed && isDestructive(definition.id, definition.profiles)) return { kind: 'not-run', why: FORBIDDEN };
      return inTurn(async () => {
        const ended = administration.stopped();
        if (ended) return { kind: 'not-run', why: ended };
        let why: Said | undefined;
        const operator = ledgered(administration.operatorOf(definition.id), definition.id, append, administration.makesProducts);
        const declared = target.paceMs > 0 ? throttlingIsNoRefusal(open) : open;
        const record = await drive({
          operator: noticed(operator, (one) => (why ??= one)),
          openSession: ledgeredSessions(declared, definition.id, append),
          ...(target.perDevicePerMinute === undefined ? {} : { devicePace: devicePace(clock, target.perDevicePerMinute) }),
          ...pacedWays(ways, gate, (registrar) => ledgeredRegistrar(registrar, definition.id, append)),
        });
        administration.attest(definition.id, record);
        return why ? { kind: 'not-run', why } : { kind: 'ran', record, clock: 'wall' };
      });
    },
    attestations: () => administration.attestations(),
    close: () => administration.close(),
  };
}

/** The same ways, no faster than the limit of the account; what is sent over HTTPS is written down. */
function pacedWays({ transport, websocket, https }: Ways, gate: Gate | undefined, kept: (one: HttpsRegistrar) => HttpsRegistrar): Ways {
  const slow = (one: Transport): Transport => (gate ? gated(one, gate) : one);
  return {
    transport: slow(transport),
    ...(websocket ? { websocket: slow(websocket) } : {}),
    ...(https ? { https: gate ? gatedRegistrar(kept(https), gate) : kept(https) } : {}),
  };
}
