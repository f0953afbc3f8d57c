// What is ahead of a fleet run: the pace that its target asks for, how long it takes and what it leaves behind. Pure: values in, figures out.
import { heldTo, knownPace, limitsOf, type DeclaredPace, type KnownPace } from '../../worker/fleet/pace.ts';
import { forecastFleet, type FleetForecast } from '../../worker/fleet/plan-forecast.ts';
import type { FleetMode, FleetPlan } from '../../worker/fleet/plan.ts';
import { WEBSOCKETS_PER_SECOND } from './browser.ts';
import type { TargetKind, Values } from './fields.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * What the target takes in a while; undefined of the in-page platform, which takes what it has the time for.
 * @param relayed    the target of the relay that is chosen
 * @param besidePort where the stub beside the app takes WSS, if there is one
 */
export function paceAt(
  { target, url }: Pick<Values, 'target' | 'url'>,
  relayed: { readonly pace?: DeclaredPace } | null,
  besidePort: number | undefined,
): KnownPace | undefined {
  if (target === 'stub') return undefined;
  if (target === 'relay') return knownPace(relayed?.pace ?? {});
  // A stub is not the vendor's platform, as the command knows it too.
  return knownPace(isStubBeside(url, besidePort) ? { perDevicePerMinute: 'none' } : {});
}

function isStubBeside(text: string, port: number | undefined): boolean {
  if (port === undefined || !URL.canParse(text)) return false;
  const url = new URL(text);
  return LOOPBACK.has(url.hostname) && Number(url.port) === port;
}

/** A plan that keeps a pace, and knows what is throttled beyond it. */
export function pacedPlan(plan: FleetPlan, pace: KnownPace | undefined): FleetPlan {
  return pace === undefined ? plan : heldTo({ ...plan, limits: limitsOf(pace) }, pace).plan;
}

export interface Intended {
  readonly target: TargetKind;
  readonly devices: number;
  readonly rate: number;
  readonly mode: FleetMode;
  readonly pace: KnownPace | undefined;
  /** WebSockets that the page can hold. */
  readonly cap?: number;
}

export interface Ahead {
  readonly forecast: FleetForecast;
  /** Until all devices have come, about, milliseconds. */
  readonly ms: number;
  /** Arrivals a second. */
  readonly rate: number;
  /** That is less than was asked for: the target takes no more. */
  readonly held: boolean;
  /** Connections a second that it takes; undefined where no limit is known. */
  readonly limit: number | undefined;
  /** Connections that a device makes until it is online. */
  readonly perDevice: number;
}

/** Names and secrets of the plan change none of it. */
export function aheadOf({ target, devices, rate, mode, pace, cap = Infinity }: Intended): Ahead {
  const plan: FleetPlan = { devices, rate, mode, seed: '', namespace: '0', productKey: '', productSecret: '' };
  const { plan: kept, slower: held } = heldTo(plan, pace ?? {});
  const forecast = forecastFleet(kept, 0);
  const perDevice = forecast.connects / devices;
  // What a browser has no sockets for is not opened.
  const opening = target === 'wss' ? (1000 * perDevice * Math.min(devices, cap)) / WEBSOCKETS_PER_SECOND : 0;
  return { forecast, ms: Math.max(forecast.ms ?? 0, opening), rate: kept.rate, held, limit: pace?.perSecond, perDevice };
}
