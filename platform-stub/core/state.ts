// What the platform remembers. Plain data: the rules that change it live in policy.ts and in the files that ask it.

/** A ClientID that was issued to a physical unit in preregistration-free mode, with the token that opens it. */
export interface IssuedClientId {
  readonly clientId: string;
  readonly deviceToken: string;
  /** When it was issued (S12 `CreateTime`), milliseconds. */
  readonly createdAt: number;
  /** When it first connected (S0), RULE-44. */
  firstConnectedAt: number | undefined;
  /** Forbidden by a Switch and still listed: only where `listAfterSwitch` is `kept` (RULE-48). */
  forbidden: boolean;
}

/** One incarnation of a DeviceName: deleting and adding it again makes another. */
export interface Device {
  readonly productKey: string;
  readonly deviceName: string;
  readonly iotId: string;
  readonly createdAt: number;
  nickname: string;
  /** What the device signs in with: a DeviceSecret, or a ClientID with its token (RULE-53). */
  credential: 'secret' | 'token';
  deviceSecret: string;
  /** The dynamic-registration status, which is not the activation status (RULE-25, RULE-29). */
  registration: 'unregistered' | 'issued' | 'registered';
  activatedAt: number | undefined;
  disabled: boolean;
  /** It was disabled once (`enabledStatus`, RULE-36). */
  wasDisabled: boolean;
  /** A Switch pinned it to the retained ClientID (`pinAfterSwitch`, RULE-49). */
  pinned: boolean;
  /** The next registration delivers a new secret (`secretAfterReset`, RULE-27). */
  secretIsStale: boolean;
  clientIds: IssuedClientId[];
  /** Serial numbers that keep what is issued unique and independent of other devices. */
  secretsIssued: number;
  clientIdsIssued: number;
  /** Registrations asked for and connections made, refused ones included. */
  attempts: number;
  connects: number;
  /** Slots that ClientIDs of deleted incarnations still hold (`countAfterDelete`, RULE-35). */
  readonly inheritedSlots: number;
  /** When it last came online and went offline, and from where. */
  onlineAt: number | undefined;
  offlineAt: number | undefined;
  address: string | undefined;
  /** When it was let in of late, oldest first: kept only where limits are on (section 8). */
  recentConnects: number[];
  /** Its live connections: at most one, or one a ClientID (RULE-51, RULE-57). */
  readonly sessions: Set<Session>;
}

/** What remains of a deleted DeviceName. */
export interface Buried {
  readonly deviceSecret: string;
  readonly incarnations: number;
  /** ClientIDs it had when it was deleted. */
  readonly slots: number;
}

export interface Product {
  readonly productKey: string;
  readonly productSecret: string;
  productName: string;
  description: string;
  readonly createdAt: number;
  /** How many products had this key before: what they issued is never issued again. */
  readonly predecessors: number;
  /** What an operator said when creating it and nobody here asks for (NodeType, NetType, …). */
  readonly attributes: Readonly<Record<string, string>>;
  dynamicRegistration: boolean;
  /** The code that was sent for turning the switch on (RULE-14). */
  verification: { readonly code: string; readonly expiresAt: number; attemptsLeft: number } | undefined;
  verificationsSent: number;
  readonly devices: Map<string, Device>;
  /** The last secret of each deleted DeviceName. A correct platform never reads it (RULE-32). */
  readonly buried: Map<string, Buried>;
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
  /** Messages that the platform sent; the last one's id. */
  messages: number;
  /** Products ever made; what an invented key follows from. */
  productsMade: number;
  /** Keys of deleted products, and how many had each. */
  readonly deletedProducts: Map<string, number>;
  readonly sessions: Map<number, Session>;
  /** Registration connections that were answered, oldest first: all of them wait equally long. */
  readonly ending: Set<Session>;
  /** CONNECTs of the account in the current second: counted only where limits are on (section 8). */
  accountSecond: { second: number; connects: number };
}

/** `UNACTIVE`, `ONLINE`, `OFFLINE`, `DISABLE` as the cloud API spells them (S13 GetDeviceStatus). */
export type DeviceStatus = 'UNACTIVE' | 'ONLINE' | 'OFFLINE' | 'DISABLE';
