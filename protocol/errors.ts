/**
 * The one error that `protocol/` throws.
 * What a peer sent is data: whoever parses it either gets a value or a ProtocolError, and nothing else.
 */

/** What was wrong, coarse enough to choose an answer by: a CONNACK, an HTTP code, a log line. */
export type ProtocolErrorKind =
  'identifier' | 'auth-type' | 'username' | 'device-name' | 'product-key' | 'payload' | 'http-form' | 'topic' | 'sign-method' | 'limits';

/** Thrown by every parser and formatter here. `message` is for people and never contains a secret, a token or a signature. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly kind: ProtocolErrorKind;

  constructor(kind: ProtocolErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
