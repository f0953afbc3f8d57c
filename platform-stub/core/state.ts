// What the platform remembers. Plain data: the rules that change it live in policy.ts and in the files that ask it.

/** A ClientID that was issued to a physical unit in preregistration-free mode, with the token that opens it. */
export interface IssuedClientId {
  readonly clientId: string;
  readonly deviceToken: string;
  /** When it was issued (S12 `CreateTime`), milliseconds. */
  readonly createdAt: number;
  /** When it first connected (S0), RULE-44. */
  firstConnectedAt: number | undefined;
}

/** One incarnation of a DeviceName: deleting and adding it again makes another. */
export interface Device {
  readonly productKey: string;
  readonly deviceName: string;
  readonly iotId: string;
  readonly createdAt: number;
  /** What the device signs in with: a DeviceSecret, or a ClientID with its token (RULE-53). */
  credential: 'secret' | 'token';
  deviceSecret: string;
  /** The dynamic-registration status, which is not the activation status (RULE-25, RULE-29). */
  registration: 'unregistered' | 'issued' | 'registered';
  activatedAt: number | undefined;
  disabled: boolean;
  clientIds: IssuedClientId[];
  /** Serial numbers that keep what is issued unique and independent of other devices. */
  secretsIssued: number;
  clientIdsIssued: number;
  /** Registrations asked for and connections made, refused ones included. */
  attempts: number;
  connects: number;
  onlineAt: number | undefined;
  /** Its live connections: at most one, or one a ClientID (RULE-51, RULE-57). */
  readonly sessions: Set<Session>;
}

export interface Product {
  readonly productKey: string;
  readonly productSecret: string;
  dynamicRegistration: boolean;
  readonly devices: Map<string, Device>;
  /** The last secret of each deleted DeviceName. A correct platform never reads it (RULE-32). */
  readonly buried: Map<string, { deviceSecret: string; incarnations: number }>;
  /** `random` values seen; a correct platform never reads them (RULE-08). */
  readonly randoms: Set<string>;
}

/** A live connection. Registration connections are sessions too, but belong to no device (RULE-07). */
export interface Session {
  readonly id: number;
  readonly role: 'registration' | 'device';
  readonly productKey: string;
  readonly deviceName: string;
  readonly clientId: string | undefined;
  readonly openedAt: number;
  /** Seconds; 0 for a registration connection, which has no keep-alive (RULE-03). */
  readonly keepAlive: number;
  lastPacketAt: number;
  /** When the platform ends it by itself (RULE-06). */
  endsAt: number | undefined;
}

export interface PlatformState {
  readonly products: Map<string, Product>;
  readonly sessions: Map<number, Session>;
  /** Registration connections that were answered, oldest first: all of them wait equally long. */
  readonly ending: Set<Session>;
}

/** `UNACTIVE`, `ONLINE`, `OFFLINE`, `DISABLE` as the cloud API spells them (S13 GetDeviceStatus). */
export type DeviceStatus = 'UNACTIVE' | 'ONLINE' | 'OFFLINE' | 'DISABLE';
