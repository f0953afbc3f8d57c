// What the console knows: which platform it operates, what is selected there, and when to look again.
import type { ProductSummary } from '../../platform-stub/core/query.ts';
import type { OperatorCommand, OperatorResult } from '../../platform-stub/core/operate.ts';
import type { DeviceStatus } from '../../platform-stub/core/state.ts';
import { messageOf } from '../../kernel/errors.ts';
import { language, t } from '../i18n/t.svelte.ts';
import { reasonKey } from './reasons.ts';
import { form } from './form.svelte.ts';
import { inPage } from './in-page.svelte.ts';
import { findSession, httpLink, type OperatorLink, type Session } from './operator-link.ts';

export type PlatformKind = 'page' | 'beside';
type Success = Extract<OperatorResult, { ok: true }>;
export type Kind = Success['kind'];
export type Answer<K extends Kind> = Extract<Success, { kind: K }>;
type Refusal = Extract<OperatorResult, { ok: false }>;

/** Log entries come several times a second; a look at the platform costs it more than that. */
const LOOK_MS = 400;

/** A refusal as one line in the language of the page, with the platform's own words. */
export function sentenceOf({ code, message }: Refusal): string {
  const key = reasonKey(code);
  if (language() === 'en' || !key) return `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, '')}.`;
  return `${t(key)}（${message}）`;
}

export interface DeviceQuestion {
  search: string;
  status: DeviceStatus | '';
  multiple: boolean;
  page: number;
}

const EVERY_DEVICE: DeviceQuestion = { search: '', status: '', multiple: false, page: 1 };

class Desk {
  kind: PlatformKind = $state('page');
  /** The stub beside the app; null where there is none, undefined until that is known. */
  session: Session | null | undefined = $state.raw(undefined);
  productKey: string | null = $state(null);
  deviceName: string | null = $state(null);
  question: DeviceQuestion = $state({ ...EVERY_DEVICE });
  products: readonly ProductSummary[] | null = $state.raw(null);
  /** Rises when the platform may have changed. */
  revision = $state(0);
  /** Why the platform cannot be reached. */
  failure: string | null = $state(null);

  #met: OperatorLink | null = null;
  #beside: OperatorLink | null = $state.raw(null);
  readonly link = $derived(this.kind === 'page' ? (inPage.current?.link ?? null) : this.#beside);
  readonly product = $derived(this.products?.find(({ productKey }) => productKey === this.productKey) ?? null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The console is shown: there is a platform from now on. */
  async open(): Promise<void> {
    inPage.keep(form.values.seed);
    if (this.session) return;
    this.session = await findSession();
    this.#beside = this.session && httpLink(this.session);
  }

  choose(kind: PlatformKind): void {
    this.kind = kind;
  }

  /** The platform that is operated from now on, which may be the former. */
  meet(link: OperatorLink | null): void {
    if (link === this.#met) return this.changed();
    this.#met = link;
    this.forget();
  }

  /** Another platform, or another state of it: nothing of the former is true. */
  forget(): void {
    this.products = null;
    this.failure = null;
    this.deviceName = null;
    this.question = { ...EVERY_DEVICE };
    this.changed();
  }

  select(productKey: string): void {
    this.productKey = productKey;
    this.deviceName = null;
    this.question = { ...EVERY_DEVICE };
  }

  /** Shows the devices of the product, those that `question` asks for. */
  list(question: Partial<DeviceQuestion>): void {
    this.deviceName = null;
    this.question = { ...EVERY_DEVICE, ...question };
  }

  changed(): void {
    this.revision += 1;
  }

  /** Something was logged, or the connection came or went. */
  heard(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.changed();
    }, LOOK_MS);
  }

  /** Sends one command; undefined where the platform did not answer, which the console then says. */
  async send(command: OperatorCommand): Promise<OperatorResult | undefined> {
    const { link } = this;
    try {
      const result = await link?.operate(command);
      if (link === this.link) this.failure = null;
      return result;
    } catch (error) {
      // A platform that was replaced meanwhile is nobody's concern.
      if (link === this.link) this.failure = t('console.unreachable', { why: messageOf(error) });
      return undefined;
    }
  }

  /** Carries out a command that changes something; what is wrong as one line, or undefined. */
  async act(command: OperatorCommand): Promise<string | undefined> {
    const result = await this.send(command);
    this.changed();
    if (!result) return this.failure ?? t('console.gone');
    return result.ok ? undefined : sentenceOf(result);
  }

  /** The products, and one of them selected where there are any. */
  took(products: readonly ProductSummary[]): void {
    this.products = products;
    if (products.some(({ productKey }) => productKey === this.productKey)) return;
    this.select(products[0]?.productKey ?? '');
  }
}

export const desk = new Desk();
