// TLS to a platform, as fleets and the relay speak it.
import type { X509Certificate } from 'node:crypto';
import { isIP, type LookupFunction } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type SecureContext, type TLSSocket } from 'node:tls';

/** Where to connect to, as `net.connect` takes it. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  readonly lookup?: LookupFunction;
  /** How long one of several addresses of a name may take, milliseconds. */
  readonly autoSelectFamilyAttemptTimeout: number;
}

export interface TlsAsClient {
  readonly context: SecureContext;
  /** Whom the certificate must be for. */
  readonly subject: string;
  /** Name to ask for (SNI): none for an address, and none of firmware that does not know how to ask. */
  readonly serverName?: string | undefined;
  /** Takes any certificate. */
  readonly insecure: boolean;
}

/** The host as it stands, no wildcard in the middle of a label: what these do not settle, Node does. */
const STRICTLY = { partialWildcards: false, multiLabelWildcards: false, subject: 'never' } as const;

/** Connects: `connect` tells that TCP is up, `secureConnect` or `error` ends the handshake, as of `tls.connect`. */
export function connectTls(address: TcpAddress, { context, subject, serverName, insecure }: TlsAsClient): TLSSocket {
  const secure: TLSSocket = connect({
    ...address,
    secureContext: context,
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !insecure,
    checkServerIdentity: () => checkIdentity(secure, subject),
  });
  secure.once('connect', () => secure.setNoDelay(true));
  // Before it asks whether the certificate is for this host, Node makes objects of it and of all its issuers, which takes a quarter of the
  // time of a handshake and is not looked at again.
  secure.getPeerCertificate = () => ({}) as PeerCertificate & { issuerCertificate: never };
  // Each time that a client asks for it, Node 20 takes the first certificate out of the chain: whoever asks again would get its issuer.
  const taken = secure.getPeerX509Certificate.bind(secure);
  let certificate: X509Certificate | undefined;
  secure.getPeerX509Certificate = () => (certificate ??= taken());
  // Node cannot reset a TLS connection, and resetting the TCP connection under it crashes the process (seen with 20.20): an abort ends
  // the connection at once, without a close_notify.
  secure.resetAndDestroy = () => secure.destroy();
  return secure;
}

/** As `tls.checkServerIdentity`, which has the last word: OpenSSL, which needs no objects, is asked first. */
function checkIdentity(secure: TLSSocket, name: string): Error | undefined {
  const certificate = secure.getPeerX509Certificate();
  const found = isIP(name) ? certificate?.checkIP(name) : certificate?.checkHost(name, STRICTLY);
  if (found !== undefined) return undefined;
  return checkServerIdentity(name, (certificate?.toLegacyObject() ?? {}) as PeerCertificate);
}
