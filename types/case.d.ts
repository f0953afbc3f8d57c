// What a case of your own may use: `@type {import('@muster-iot/muster/case').PlatformCaseModule}` above the default export.
// How to write one: docs/write-a-case.md. Milliseconds everywhere.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Mode = 'register' | 'regnwl';

/** How an attempt ended; a refusal is an answer, not an error, so nothing here throws for it. */
export type Outcome =
  | { readonly kind: 'issued'; readonly mode: Mode; readonly via: 'mqtt' | 'https'; readonly topic?: string }
  | { readonly kind: 'accepted'; readonly sessionPresent: boolean }
  | { readonly kind: 'refused'; readonly by: 'connack' | 'http'; readonly code: number }
  | { readonly kind: 'malformed'; readonly what: 'connack' | 'reply' | 'packet' | 'http'; readonly why: string }
  | { readonly kind: 'closed'; readonly stage: string; readonly afterMs: number }
  | { readonly kind: 'silent'; readonly stage: string; readonly waitedMs: number }
  | { readonly kind: 'unreachable'; readonly stage: string; readonly code: string }
  | { readonly kind: 'aborted'; readonly by: 'operator' | 'stop-condition' }
  | { readonly kind: 'local'; readonly reason: string };

/** The CONNECT as it is sent. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
  /** Seconds. */
  readonly keepAlive: number;
  readonly clean: boolean;
}

/** How one attempt differs from what a right device does. */
export interface Bend {
  readonly security?: 'encrypted' | 'plain';
  /** Signs with this secret instead of the product's. */
  readonly productSecret?: string;
  /** Signs and sends this `random` instead of drawing one. */
  readonly random?: string;
  /** Changes the CONNECT after it was signed. */
  readonly fields?: (fields: ConnectFields) => ConnectFields;
  /** Keeps the registration connection open after the reply. */
  readonly linger?: boolean;
}

export interface Product {
  readonly productKey: string;
  readonly productSecret: string;
}

/** One physical device. Every verb leaves a span, named by its first argument, unique in the case: checks speak of spans. */
export interface Unit {
  readonly deviceName: string;
  register(span: string, bend?: Bend): Promise<Outcome>;
  connect(span: string, bend?: Bend): Promise<Outcome>;
  /** Registers if it holds no credentials, then connects. */
  boot(span: string): Promise<Outcome>;
  /** Posts a property and waits for the answer. */
  post(span: string): Promise<Outcome>;
  /** Fact `granted`: a QoS or 128 for each filter. */
  subscribe(span: string, filters: readonly string[]): Promise<void>;
  publish(span: string, messages: readonly { topic: string; payload: string; qos?: 0 | 1 }[]): Promise<void>;
  /** Sends these bytes as they are, then keeps what comes. */
  inject(span: string, bytes: Uint8Array, ms: number): Promise<void>;
  /** Lets time pass and keeps what the connection goes through. */
  watch(span: string, ms: number): Promise<void>;
  disconnect(span: string): Promise<void>;
  factoryReset(): void;
}

/** What the platform's operator does; only where the target claims `operator`. */
export interface CaseOperator {
  setDynamicRegistration(span: string, on: boolean): Promise<void>;
  addDevice(span: string, deviceName: string, deviceSecret?: string): Promise<void>;
  deleteDevice(span: string, deviceName: string): Promise<void>;
  resetThing(span: string, deviceName: string): Promise<void>;
  disable(span: string, deviceName: string): Promise<void>;
  enable(span: string, deviceName: string): Promise<void>;
  /** Facts `exists`, `status`, `activated`. */
  readDevice(span: string, deviceName: string): Promise<void>;
  /** Facts `count`, `clientIds`. */
  clientIds(span: string, deviceName: string): Promise<readonly string[]>;
  switchClientId(span: string, deviceName: string, clientId: string): Promise<void>;
  clearClientIds(span: string, deviceName: string): Promise<void>;
  setProperty(span: string, deviceName: string, items: Readonly<Record<string, Json>>): Promise<void>;
}

export interface Drive {
  /** A DeviceName of this case and run. */
  name(label: string): string;
  /** A DeviceName that was added beforehand. */
  added(label: string): Promise<string>;
  unit(label: string, options: { mode: Mode; deviceName: string; product?: Product }): Unit;
  readonly product: Product;
  /** A unit that is online from now on: its posts prove that the platform still serves. */
  guard(mode: Mode): Promise<Unit>;
  readonly operator: CaseOperator;
  wait(ms: number): Promise<void>;
  /** Waits until no declared limit of the target can explain a refusal. */
  pace(): Promise<void>;
  /** Stores what the case itself found out, for `factIs` or `reading`. */
  note(span: string, facts: { readonly [key: string]: Json }): void;
}

export interface CheckModule {
  /** Unique in the case. */
  readonly id: string;
  /** Of your own prefix; RULE- and DEV- are Muster's. */
  readonly rule: `${Uppercase<string>}-${string}`;
  /** Judged MUST, judged SHOULD (a warning at most), reading (measured, never judged). */
  readonly class: 'M' | 'S' | 'R';
  /** Which question is asked of the evidence; docs/write-a-case.md lists them. */
  readonly oracle: string;
  /** What the oracle is told: names of spans, mostly. */
  readonly on: { readonly [name: string]: unknown };
}

/** The default export of a `*.case.mjs`. */
export interface PlatformCaseModule {
  /** Under a prefix of your own, such as `acme/data/keeps-posting`. */
  readonly id: string;
  readonly title: { readonly en: string; readonly 'zh-CN': string };
  /** What a target has to claim for the case to apply. */
  readonly profiles: readonly ('prereg' | 'nwl' | 'operator' | 'https')[];
  /** `sockets`: it never runs on the virtual clock. */
  readonly needs?: 'cell' | 'sockets';
  /** Means nothing where the target enforces limits. */
  readonly limits?: 'off';
  readonly checks: readonly CheckModule[];
  drive(t: Drive): Promise<void>;
}
