// Who administers the platform under test: the stub's operator, a person at a console, or a cloud API. A case says what must be done;
// how it is done is the operator's business.
import type { Json } from '../../kernel/trace/event.ts';

export interface CaseProduct {
  readonly productKey: string;
  readonly productSecret: string;
}

export interface DeviceReading {
  /** As the cloud API spells it (S13). */
  readonly status: string;
  readonly activated: boolean;
}

/** An operator refused or failed: the case ends, and says so. */
export class OperatorFault extends Error {}

export interface Operator {
  /** DeviceNames added beforehand, where nobody can add any: the next one that no run has used. */
  takeName?(productKey: string): Promise<string>;
  /** A product with the switch on that no other case and no fleet uses. */
  provideProduct(label: string): Promise<CaseProduct>;
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
  switchClientId(productKey: string, deviceName: string, clientId: string): Promise<void>;
  clearClientIds(productKey: string, deviceName: string): Promise<void>;
  /** Sends the device a property set, at QoS 1; not every operator can. */
  setProperty?(productKey: string, deviceName: string, items: Readonly<Record<string, Json>>): Promise<void>;
}
