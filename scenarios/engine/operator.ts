// Who administers the platform under test: the stub's operator, a person at a console, or a cloud API. A case says what must be done;
// how it is done is the operator's business.
import type { Json } from '../../kernel/trace/event.ts';
import type { Said } from '../judge/verdict.ts';

export interface CaseProduct {
  readonly productKey: string;
  readonly productSecret: string;
}

export interface DeviceReading {
  /** As the cloud API spells it (S13). */
  readonly status: string;
  readonly activated: boolean;
  /** When it was activated, where the operator can read it. */
  readonly activatedAt?: number;
}

/** An operator refused or failed: the case ends, and says so. */
export class OperatorFault extends Error {}

/** Nobody here can do what the case asks for: the case is not run, and the report says why. */
export class NotDone extends OperatorFault {
  readonly why: Said;

  constructor(why: Said) {
    super(why.en);
    this.why = why;
  }
}

export interface Operator {
  /** DeviceNames added beforehand, where nobody can add any: the next one that no run has used. */
  takeName?(productKey: string): Promise<string>;
  /** A product with the switch on that no other case and no fleet uses. */
  provideProduct(label: string): Promise<CaseProduct>;
  /** Removes a product that holds no device; not every operator can. */
  deleteProduct?(productKey: string): Promise<void>;
  setDynamicRegistration(productKey: string, on: boolean): Promise<void>;
  /** With a DeviceSecret of the operator's choice, where one is given. */
  addDevice(productKey: string, deviceName: string, deviceSecret?: string): Promise<void>;
  deleteDevice(productKey: string, deviceName: string): Promise<void>;
  resetThing(productKey: string, deviceName: string): Promise<void>;
  disable(productKey: string, deviceName: string): Promise<void>;
  enable(productKey: string, deviceName: string): Promise<void>;
  /** Undefined where the platform knows no such device. */
  readDevice(productKey: string, deviceName: string): Promise<DeviceReading | undefined>;
  clientIds(productKey: string, deviceName: string): Promise<readonly string[]>;
  /** The time that the list gives each ClientID, milliseconds (RULE-44); not every operator can read it. */
  clientIdTimes?(productKey: string, deviceName: string): Promise<readonly number[]>;
  switchClientId(productKey: string, deviceName: string, clientId: string): Promise<void>;
  clearClientIds(productKey: string, deviceName: string): Promise<void>;
  /** Sends the device a property set, at QoS 1; not every operator can. */
  setProperty?(productKey: string, deviceName: string, items: Readonly<Record<string, Json>>): Promise<void>;
}
