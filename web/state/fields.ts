// What a user may enter for a fleet run, and what is wrong with it. Pure: fields in, problems or a plan out.
import type { SessionName } from '../../kernel/trace/event.ts';
import { isProductKey } from '../../protocol/names.ts';
import type { KnownPace } from '../../worker/fleet/pace.ts';
import { NAMESPACE_MAX, type FleetMode, type FleetPlan } from '../../worker/fleet/plan.ts';
import type { Key } from '../i18n/t.svelte.ts';
import { pacedPlan } from './ahead.ts';

/** The platform in the page, one over WSS, or one through the relay. */
export type TargetKind = 'stub' | 'wss' | 'relay';

/** As typed: numbers are text until they are known to be numbers. */
export interface Values {
  target: TargetKind;
  url: string;
  productKey: string;
  productSecret: string;
  devices: string;
  mode: FleetMode;
  /** Which MQTT client the devices have. */
  session: SessionName;
  rate: string;
  seed: string;
  namespace: string;
}

export type FieldName = Exclude<keyof Values, 'target' | 'mode' | 'session'>;
export type Problems = Partial<Record<FieldName, Key>>;

/** What this page is built for; the command goes further. */
export const DEVICES_MAX = 10_000;
export const RATE_MAX = 5_000;
const SEED_MAX = 64;
const SECRET_MAX = 128;

function wholeNumber(text: string, max: number): boolean {
  return /^\d{1,9}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= max;
}

function isWssUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  // A browser refuses a WebSocket URL with a fragment; one with a password in it would put that into logs.
  return url.protocol === 'wss:' && url.hostname !== '' && url.hash === '' && url.username === '' && url.password === '';
}

/** What is wrong, by field, in the order in which the fields stand. */
export function problemsOf(values: Values): Problems {
  const problems: Problems = {};
  if (values.target === 'wss' && !isWssUrl(values.url)) problems.url = 'wrong.url';
  if (values.target !== 'stub') {
    if (!isProductKey(values.productKey)) problems.productKey = 'wrong.productKey';
    if (values.productSecret === '' || values.productSecret.length > SECRET_MAX || /\s/.test(values.productSecret)) {
      problems.productSecret = 'wrong.productSecret';
    }
  }
  if (!wholeNumber(values.devices, DEVICES_MAX)) problems.devices = 'wrong.devices';
  if (!wholeNumber(values.rate, RATE_MAX)) problems.rate = 'wrong.rate';
  if (values.seed.trim() === '' || values.seed.length > SEED_MAX) problems.seed = 'wrong.seed';
  if (values.target !== 'stub' && !new RegExp(`^[A-Za-z0-9]{1,${NAMESPACE_MAX}}$`).test(values.namespace))
    problems.namespace = 'wrong.namespace';
  return problems;
}

/**
 * The plan that values without a problem stand for.
 * @param invented gives the in-page platform's product
 * @param pace     what the target takes; undefined of the in-page platform
 */
export function planOf(
  values: Values,
  invented: (seed: string) => { productKey: string; productSecret: string },
  pace?: KnownPace,
): FleetPlan {
  const { target, mode, seed } = values;
  const product = target === 'stub' ? invented(seed) : { productKey: values.productKey, productSecret: values.productSecret };
  const plan: FleetPlan = {
    ...product,
    devices: Number(values.devices),
    rate: Number(values.rate),
    mode,
    seed,
    // The in-page platform is new at every run and has nothing to remember.
    namespace: target === 'stub' ? '0' : values.namespace,
  };
  return pacedPlan(plan, pace);
}
