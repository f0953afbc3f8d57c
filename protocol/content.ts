/**
 * The text under a signature: keys in alphabetical order, each followed at once by its value, no separators (S1, S3, S4).
 * Values are taken as they come; names are checked where they are parsed.
 */

/** What a registration signs, over MQTT and over HTTPS alike (S1, S3). */
export interface RegistrationParts {
  readonly deviceName: string;
  readonly productKey: string;
  readonly random: string;
}

/** What a connection may sign. `clientId` is the client part of the identifier; `timestamp` the identifier's value, if it has one (S4). */
export interface ConnectParts {
  readonly clientId: string;
  readonly deviceName: string;
  readonly productKey: string;
  readonly timestamp?: string | undefined;
}

/** Which of the optional keys of a connection were signed (S4). */
export type ContentVariant = 'clientId+timestamp' | 'clientId' | 'timestamp' | 'minimal';

/** All variants, the commonest first: K1 to K4 sign everything (S4). */
export const CONTENT_VARIANTS: readonly ContentVariant[] = ['clientId+timestamp', 'clientId', 'timestamp', 'minimal'];

/** The signed text of a registration: exactly these three keys, never the client part, securemode or instanceId (S1, S3). */
export function registrationContent(parts: RegistrationParts): string {
  return `deviceName${parts.deviceName}productKey${parts.productKey}random${parts.random}`;
}

/**
 * The signed text of a connection with a DeviceSecret (S4). A variant that names the timestamp leaves it out when there is none, so the
 * default signs all that the identifier carries.
 */
export function connectContent(parts: ConnectParts, variant: ContentVariant = 'clientId+timestamp'): string {
  const withClientId = variant === 'clientId+timestamp' || variant === 'clientId';
  const withTimestamp = (variant === 'clientId+timestamp' || variant === 'timestamp') && parts.timestamp !== undefined;
  const clientId = withClientId ? `clientId${parts.clientId}` : '';
  const timestamp = withTimestamp ? `timestamp${parts.timestamp}` : '';
  return `${clientId}deviceName${parts.deviceName}productKey${parts.productKey}${timestamp}`;
}

/** Every text a verifier has to try, since it cannot see which optional keys were signed (S4): four, or two without a timestamp. */
export function connectContents(parts: ConnectParts): string[] {
  return [...new Set(CONTENT_VARIANTS.map((variant) => connectContent(parts, variant)))];
}
