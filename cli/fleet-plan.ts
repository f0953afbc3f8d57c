// What a fleet run is about: the plan file, the flags over it, the flash of an earlier run and the target, as one plan that can be run.
import { dirname, resolve } from 'node:path';
import { UserError } from '../kernel/errors.ts';
import { described, mentionPath } from '../kernel/mention.ts';
import { LOWER_HEX, ALPHANUMERIC, secureRandom, seededRandom } from '../kernel/random.ts';
import { NAMESPACE_MAX, type FleetMode, type FleetPlan } from '../worker/fleet/plan.ts';
import { heldTo, limitsOf } from '../worker/fleet/pace.ts';
import type { Cohort, ListedUnit } from '../worker/fleet/plan-cohort.ts';
import { requirePublishable } from '../worker/fleet/plan-content.ts';
import { parseUnits } from '../worker/fleet/plan-csv.ts';
import { forecastFleet } from '../worker/fleet/plan-forecast.ts';
import { printPlan } from '../worker/fleet/plan-print.ts';
import { planOfFlags, requireNames, resolvePlan, type ResolvedPlan } from '../worker/fleet/plan-resolve.ts';
import { readPlan, type PlanSource } from '../worker/fleet/plan-source.ts';
import { readText, tryRead } from './files.ts';
import { readFlash, type FlashContent } from './flash.ts';
import { chooseTarget, type ChosenTarget, type RemoteTarget, type TargetOptions } from './target.ts';

/** How many devices a fleet has that nobody has told. */
export const DEFAULT_DEVICES = 100;
const NAMESPACE_LENGTH = 8;
const URL_OR_STUB = /^(stub$|[a-z][a-z0-9+.-]*:\/\/)/i;

export interface PlanOptions extends TargetOptions {
  readonly devices?: number;
  readonly mode?: FleetMode;
  readonly rate?: number;
  readonly seed?: string;
  readonly namespace?: string;
  /** Seconds. */
  readonly hold?: number;
  readonly session?: string;
  readonly flash?: string;
}

export interface FleetToRun {
  readonly name: string | undefined;
  readonly plan: FleetPlan;
  readonly resolved: ResolvedPlan;
  readonly chosen: ChosenTarget;
  readonly session: 'reference' | 'lean';
  /** What the flash file holds so far. */
  readonly flash: FlashContent | undefined;
  /** It is of an earlier run of this very fleet. */
  readonly resumed: boolean;
  /** What the user should know before the start. */
  readonly notes: readonly string[];
  /** The plan as a document; files in it are named by absolute paths, so that it is the same fleet wherever it is kept. */
  readonly text: string;
}

/** Everything that can be known before the first packet; UserErrors say what could not be carried out. */
export function planFleet(file: string | undefined, options: PlanOptions): FleetToRun {
  const source =
    file === undefined ? planOfFlags(options.devices ?? DEFAULT_DEVICES, options.mode ?? 'mixed') : readPlan(readText(file, 'plan'), file);
  const { document } = source;
  const beside = (path: string): string => (file === undefined ? path : resolve(dirname(file), path));
  const flash = options.flash === undefined ? undefined : readFlash(options.flash);
  const { devices, mode, rate, hold } = options;
  const namespace = options.namespace ?? document.namespace ?? flash?.namespace;
  requireNamespace(options.namespace);
  const seed = options.seed ?? document.seed ?? flash?.seed;
  const resolved = resolvePlan(
    source,
    {
      ...(devices === undefined ? {} : { devices }),
      ...(mode === undefined ? {} : { mode }),
      ...(rate === undefined ? {} : { rate }),
      ...(seed === undefined ? {} : { seed }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(hold === undefined ? {} : { holdMs: hold * 1000 }),
    },
    (csv, path) => unitsIn(beside(csv), csv, (what, remedy) => source.complain(path, what, remedy)),
  );
  const chosen = targetOf(options, source, beside, resolved);
  if (options.flash !== undefined && chosen.kind === 'stub')
    throw new UserError(
      '--flash needs a platform that remembers, and the embedded stub ends with the run',
      'give --target, for instance that of `muster stub`',
    );
  const product = productOf(chosen, resolved.fleet.seed);
  if (flash && flash.productKey !== product.productKey)
    throw new UserError(
      `--flash ${options.flash} holds units of product ${flash.productKey}, and the target has ${product.productKey}`,
      'give another file for each product',
    );
  const unpaced: FleetPlan = {
    ...resolved.fleet,
    ...product,
    namespace: resolved.namespace ?? (chosen.kind === 'stub' ? '0' : secureRandom().text(NAMESPACE_LENGTH, LOWER_HEX)),
    ...(flash ? { flash: flash.devices } : {}),
    ...(chosen.kind === 'remote' && isPlain(chosen) ? { security: 'plain' } : {}),
    ...(chosen.kind === 'remote' ? { limits: limitsOf(chosen) } : {}),
  };
  requireNames(unpaced, source);
  requirePublishable(unpaced, source);
  const { plan, notes } = paced(unpaced, chosen, rate);
  const session = options.session ?? document.session ?? 'reference';
  return {
    name: document.name,
    plan,
    resolved,
    chosen,
    session: session === 'lean' ? 'lean' : 'reference',
    flash,
    resumed: flash !== undefined && isOfSame(plan, flash),
    notes: [...notes, ...strangersIn(plan, flash)],
    text: printPlan(resolved, {
      name: document.name,
      target: standing(options.target, (path) => path) ?? standing(document.target, beside),
      session,
      namespace: plan.namespace,
      csvOf: (cohort: Cohort) => absolute(document.cohorts.find((one) => one.name === cohort.name)?.csv, beside),
    }),
  };
}

function requireNamespace(namespace: string | undefined): void {
  if (namespace !== undefined && (!/^[A-Za-z0-9]+$/.test(namespace) || namespace.length > NAMESPACE_MAX))
    throw new UserError(`--namespace ${namespace} is not 1-${NAMESPACE_MAX} letters and digits`, 'it becomes part of every DeviceName');
}

/** @param complain about the place where the plan names the list */
function unitsIn(path: string, written: string, complain: (what: string, remedy: string) => UserError): readonly ListedUnit[] {
  const text = namedByPlan(path, 'list of units', written, complain);
  const parsed = parseUnits(text);
  if (!parsed.ok) throw new UserError(`list of units ${path}, line ${parsed.line}: ${parsed.why}`, parsed.remedy);
  return parsed.units;
}

/** The text of a file that a plan names; a word that looks like no path is not repeated. */
function namedByPlan(path: string, what: string, written: string, complain: (what: string, remedy: string) => UserError): string {
  const read = tryRead(path);
  if ('text' in read) return read.text;
  throw complain(`${what} ${mentionPath(written) === undefined ? `(${described(written)})` : path} ${read.why}`, 'check the path');
}

/** A path as a plan has to name it that may be kept anywhere. */
function absolute(path: string | undefined, beside: (path: string) => string): string | undefined {
  return path === undefined ? undefined : resolve(beside(path));
}

/** The same of a target, which need not be a file. */
function standing(target: string | undefined, beside: (path: string) => string): string | undefined {
  return target === undefined || URL_OR_STUB.test(target) ? target : absolute(target, beside);
}

function targetOf(options: PlanOptions, source: PlanSource, beside: (path: string) => string, { fleet }: ResolvedPlan): ChosenTarget {
  const { target: named, ...rest } = options;
  const { document } = source;
  const complain = (what: string, remedy: string): UserError => source.complain(['target'], what, remedy);
  // A plan has its own place for the complaint, and a target file is read by whoever understands it.
  if (named === undefined && document.target !== undefined && !URL_OR_STUB.test(document.target))
    namedByPlan(beside(document.target), 'target file', document.target, complain);
  const target = named ?? (document.target === undefined || URL_OR_STUB.test(document.target) ? document.target : beside(document.target));
  // Units that have credentials need no product to get some: any broker will do.
  const registersNothing = fleet.cohorts.every((cohort) => cohort.mode === 'connect');
  return chooseTarget({
    ...rest,
    ...(target === undefined ? {} : { target }),
    ...(registersNothing ? { anyBroker: true } : {}),
    ...(named === undefined && document.target !== undefined ? { complain } : {}),
  });
}

function isPlain({ sockets: { endpoints } }: RemoteTarget): boolean {
  const { mqtt, mqtts, ws, wss } = endpoints;
  return mqtts === undefined && wss === undefined && (mqtt ?? ws) !== undefined;
}

function productOf(chosen: ChosenTarget, seed: string): Pick<FleetPlan, 'productKey' | 'productSecret'> {
  if (chosen.kind === 'remote') return { productKey: chosen.productKey, productSecret: chosen.productSecret };
  const draw = seededRandom('fleet product', seed);
  return { productKey: `a1${draw.text(8, ALPHANUMERIC)}`, productSecret: draw.text(16, LOWER_HEX) };
}

/** Holds a plan to what its target declares, unless --rate says otherwise. */
function paced(plan: FleetPlan, chosen: ChosenTarget, asked: number | undefined): { plan: FleetPlan; notes: string[] } {
  if (chosen.kind === 'stub') return { plan, notes: [] };
  const { perSecond, perDevicePerMinute } = chosen;
  const each = perDevicePerMinute === undefined ? {} : { perDevicePerMinute };
  if (perSecond === undefined) return { plan: { ...plan, pace: each }, notes: [] };
  if (asked !== undefined) {
    // Whoever registers connects a second time; where only some do, they may all come together.
    const perUnit = forecastFleet(plan, 0).registrations > 0 ? 2 : 1;
    const notes =
      asked * perUnit > perSecond
        ? [
            `--rate ${asked} makes up to ${asked * perUnit} connections a second; ${chosen.name} takes ${perSecond} and may turn the rest away`,
          ]
        : [];
    return { plan: { ...plan, pace: each }, notes };
  }
  const { plan: held, slower } = heldTo(plan, { ...each, perSecond });
  return {
    plan: held,
    notes: slower
      ? [
          `arrivals are held to ${held.rate.toFixed(0)} a second: ${chosen.name} takes ${perSecond} connections a second (--rate N overrides)`,
        ]
      : [],
  };
}

function isOfSame(plan: FleetPlan, { seed, namespace }: FlashContent): boolean {
  return seed === plan.seed && namespace === plan.namespace;
}

/** Units in a flash file that this fleet does not have. */
function strangersIn(plan: FleetPlan, flash: FlashContent | undefined): string[] {
  if (!flash || isOfSame(plan, flash)) return [];
  return ['the flash file is of another seed or namespace: units that it does not hold start as their cohort says'];
}
