// How a case bends one attempt of a unit.
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { SignMethod } from '../../protocol/sign.ts';
import type { ConnectFields } from '../session/session.ts';
import type { Way } from '../transport/transport.ts';
import type { ConnectDialect, RegistrationDialect } from './dialects.ts';
import type { Credentials } from './flash.ts';

/** How one attempt is bent; a case changes only what it is about. */
export interface Bend {
  readonly security?: 'encrypted' | 'plain';
  /** Reaches the platform in another way than the target's usual one. */
  readonly way?: Way;
  /** Signs with another secret. */
  readonly productSecret?: string;
  /** Signs and sends this `random` instead of drawing one. */
  readonly random?: string;
  /** Declares and signs by this method instead of the unit's own. */
  readonly signMethod?: SignMethod;
  /** Writes its registration as another SDK does. */
  readonly dialect?: RegistrationDialect;
  /** Writes its sign-in with a DeviceSecret as another SDK does. */
  readonly connectDialect?: ConnectDialect;
  /** Resets the connection after so many bytes came in; 4 are a CONNACK, and what follows it is lost. */
  readonly cutAfter?: number;
  /** Stands between the session and what is recorded: the device of the case writes as this does. */
  readonly wire?: (stream: ByteStream) => ByteStream;
  /** Changes the CONNECT after it was made and signed. */
  readonly fields?: (fields: ConnectFields) => ConnectFields;
  /** Keeps the registration connection open after the reply. */
  readonly linger?: boolean;
  /** Connects with other credentials than the stored ones. */
  readonly credentials?: Credentials;
}
