// A case: what is done to the platform (`drive`) apart from how it is judged (`checks`, which are data).
import type { Json } from '../../kernel/trace/event.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { Check } from '../judge/judge.ts';
import type { SignMethod } from '../../protocol/sign.ts';
import type { Profile, Words } from '../rules/catalogue.ts';
import type { HttpBend } from '../../worker/unit/https.ts';
import type { Bend } from '../../worker/unit/unit.ts';
import type { Credentials } from '../../worker/unit/flash.ts';
import type { CaseProduct } from './operator.ts';

interface CaseBase {
  /** `platform/<area>/<name>` or `firmware/<area>/<name>`; never renamed. */
  readonly id: string;
  readonly title: Words;
  /** Profiles a target must claim for the case to apply. */
  readonly profiles: readonly Profile[];
  readonly checks: readonly Check[];
}

export interface PlatformCase extends CaseBase {
  readonly direction: 'platform';
  /** `sockets`: only real connections can show it, so it never runs on the virtual clock. */
  readonly needs: 'cell' | 'sockets';
  /** Of a case over sockets: it dials no plain endpoint, but TLS, or an encrypted WebSocket, without which it does not apply. */
  readonly carriedBy?: 'tls' | 'wss';
  /** Of a case over sockets: TLS and TCP that a relay opens show it as well, so a page with one can run it. */
  readonly byRelay?: true;
  /** It means nothing where the target enforces its published limits: not applicable there, never a pass. */
  readonly limits?: 'off';
  readonly drive: (t: Drive) => Promise<void>;
}

export interface FirmwareCase extends CaseBase {
  readonly direction: 'firmware';
  readonly needs: 'cell';
  readonly drive: (t: FirmwareDrive) => Promise<void>;
}

export type CaseDefinition = PlatformCase | FirmwareCase;

export function definePlatformCase(definition: Omit<PlatformCase, 'direction'>): PlatformCase {
  return { ...definition, direction: 'platform' };
}

export function defineFirmwareCase(definition: Omit<FirmwareCase, 'direction' | 'needs'>): FirmwareCase {
  return { ...definition, direction: 'firmware', needs: 'cell' };
}

export interface UnitOptions {
  readonly mode: 'register' | 'regnwl';
  /** Two units of one DeviceName are two physical devices that claim it. */
  readonly deviceName: string;
  /** The product of the case unless told otherwise. */
  readonly product?: CaseProduct;
  /** Reaches the platform over WebSocket, `wss` or `ws`, instead of over whatever the target prefers. */
  readonly over?: 'websocket';
  /** How its signatures are made; HmacSHA256 unless told otherwise. */
  readonly signMethod?: SignMethod;
}

/** A message that a case has a unit publish. */
export interface Uplink {
  readonly topic: string;
  readonly payload: string;
  readonly qos?: 0 | 1;
}

/** A unit whose every verb leaves a span of its name. */
export interface CaseUnit {
  readonly deviceName: string;
  register(span: string, bend?: Bend): Promise<Outcome>;
  /** Over HTTPS; its bytes are kept, but no MQTT packet. */
  registerOverHttps(span: string, bend?: HttpBend): Promise<Outcome>;
  connect(span: string, bend?: Bend): Promise<Outcome>;
  /** Connects and lets time pass in one span: what waited for the device comes with the CONNACK or after it. */
  connectAndListen(span: string, ms: number, bend?: Bend): Promise<Outcome>;
  boot(span: string): Promise<Outcome>;
  post(span: string): Promise<Outcome>;
  /** Facts: `granted`, a QoS or 128 for each filter; fewer where the connection ended first. */
  subscribe(span: string, filters: readonly string[]): Promise<void>;
  /** Publishes one after the other. */
  publish(span: string, messages: readonly Uplink[]): Promise<void>;
  /** Sends bytes on the live connection, a registration's that was left open included, and keeps what came of it. Facts: `sent`. */
  inject(span: string, bytes: Uint8Array, ms: number): Promise<void>;
  disconnect(span: string): Promise<void>;
  /** Ends the connection without a DISCONNECT, as a power cut does; what is stored stays. */
  loseConnection(span: string): Promise<void>;
  /** Lets time pass and keeps what the unit's connection went through. */
  watch(span: string, ms: number): Promise<void>;
  /** Keeps what the unit's connection goes through until it ends, or until `until` says so. */
  watchEnd(span: string, until: Promise<unknown>): Promise<void>;
  factoryReset(): void;
  credentials(): Credentials | undefined;
}

/** What a case of direction platform may do. */
export interface Drive {
  /** A DeviceName of this case and run. */
  name(label: string): string;
  unit(label: string, options: UnitOptions): CaseUnit;
  /**
   * A DeviceName added beforehand: by the operator, or one of the target's inventory where there is none. Leaves a span `added-<label>`.
   * A case whose only need of an operator is this claims `prereg` without `operator`.
   */
  added(label: string): Promise<string>;
  /** What the firmware of every unit of the case holds. */
  readonly product: CaseProduct;
  /** A second product, with the switch on. */
  otherProduct(): Promise<CaseProduct>;
  /** A DeviceSecret for an operator to add a device with. */
  secret(label: string): string;
  /** A unit that is online from now on, by the mode given; its posts prove that the platform still serves. */
  guard(mode: 'register' | 'regnwl'): Promise<CaseUnit>;
  readonly operator: CaseOperator;
  wait(ms: number): Promise<void>;
  /** Waits until no declared limit of the target can explain a refusal; free on the virtual clock. */
  pace(): Promise<void>;
  /** Stores what the case itself found out, for a check or a reading. */
  note(span: string, facts: { readonly [key: string]: Json }): void;
}

/** Actions whose acceptance is open in some state of the device (RULE-30, RULE-31, RULE-34, RULE-50). */
export type OpenAction = 'resetThing' | 'deleteDevice' | 'switchClientId';

/** Actions of the platform's operator, each leaving a span. */
export interface CaseOperator {
  setDynamicRegistration(span: string, on: boolean): Promise<void>;
  addDevice(span: string, deviceName: string, deviceSecret?: string): Promise<void>;
  deleteDevice(span: string, deviceName: string): Promise<void>;
  resetThing(span: string, deviceName: string): Promise<void>;
  disable(span: string, deviceName: string): Promise<void>;
  enable(span: string, deviceName: string): Promise<void>;
  /** An action that the documents let a platform refuse. Facts: `done`. */
  attempt(span: string, action: OpenAction, deviceName: string, clientId?: string): Promise<void>;
  /** Facts: `exists`, and where it does `status`, `activated`, and `activatedAt` where the operator can read it. */
  readDevice(span: string, deviceName: string): Promise<void>;
  /** Facts: `count`, `clientIds`. */
  clientIds(span: string, deviceName: string): Promise<readonly string[]>;
  /** Facts: `times`, what the list gives each ClientID, milliseconds; none where the operator cannot read them. */
  clientIdTimes(span: string, deviceName: string): Promise<void>;
  switchClientId(span: string, deviceName: string, clientId: string): Promise<void>;
  clearClientIds(span: string, deviceName: string): Promise<void>;
  /** Has the platform send a property set, at QoS 1. */
  setProperty(span: string, deviceName: string, items: Readonly<Record<string, Json>>): Promise<void>;
}

/** The device under test, moved from outside as a hand or a relay would. */
export interface DeviceUnderTest {
  powerOn(): Promise<void>;
  powerCycle(): Promise<void>;
}

/** What a case of direction firmware may do. */
export interface FirmwareDrive {
  readonly device: DeviceUnderTest;
  /** Keeps what the platform saw while `action` ran and the device settled. */
  observe(span: string, action: () => Promise<void>): Promise<void>;
  /** Facts: `online`, by the platform's own status. */
  readOnline(span: string): Promise<void>;
}
