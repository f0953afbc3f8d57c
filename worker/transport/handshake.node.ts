// TLS as a case asks for it: what firmware in the field speaks at least, or a version that is no longer recommended; and what came of it.
import { createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { TlsFacts } from '../../kernel/bytes/stream.ts';
import { permitsKeyEncipherment } from './certificate.node.ts';
import type { Way } from './transport.ts';

/** The suites of the C SDKs: RSA key exchange with AES-CBC, nothing newer (clients.md, section 3). */
const SHIPPED_SUITES = ['AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'AES256-SHA256'].join(':');
/** OpenSSL has no TLS before 1.2 at its usual level of security: the signatures of its handshake are SHA-1. */
const ANY_SUITE = 'ALL:@SECLEVEL=0';

const OPTIONS: Readonly<Record<NonNullable<Way['tls']>, SecureContextOptions>> = {
  'shipped-firmware': { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: SHIPPED_SUITES },
  TLSv1: { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: ANY_SUITE },
  'TLSv1.1': { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: ANY_SUITE },
};

/** The context of such a handshake. */
export function contextOf(tls: NonNullable<Way['tls']>, ca: string | undefined): SecureContext {
  return createSecureContext({ ...OPTIONS[tls], ...(ca === undefined ? {} : { ca }) });
}

/** What the handshake agreed on, and what the certificate permits. */
export function handshakeOf(socket: TLSSocket): TlsFacts {
  const der = socket.getPeerX509Certificate()?.raw;
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    keyEncipherment: der !== undefined && permitsKeyEncipherment(der),
  };
}
