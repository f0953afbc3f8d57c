// The stub's certificates: a test authority of its own, and leaves that old firmware and browsers both accept.
// Not here: where they are kept (state-dir.node.ts), nor which socket speaks TLS (listen.node.ts).
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(globalThis.crypto);

/** A private key (PKCS #8) and the certificate of its public key, both PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** What a TLS listener of the stub needs: two leaves of one authority. */
export interface Certificates {
  /** The authority's certificate: what a firmware or a browser has to trust. */
  readonly caPem: string;
  /** RSA 2048: the C SDKs know RSA key exchange only (clients.md, section 3). */
  readonly rsa: KeyPair;
  /** P-256: halves the cost of a handshake for every client that speaks TLS 1.3. */
  readonly ec: KeyPair;
}

/** The names of the vendor's public endpoints in Shanghai (section 1.3), and this machine's. */
export const DEFAULT_NAMES: readonly string[] = [
  'localhost',
  '127.0.0.1',
  '::1',
  '*.iot-as-mqtt.cn-shanghai.aliyuncs.com',
  '*.mqtt.iothub.aliyuncs.com',
  'iot-auth.cn-shanghai.aliyuncs.com',
];

/** From when until when something holds. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** The longest that Apple's clients accept. */
const LEAF_DAYS = 825;

// SHA-256 and 2048 bits: SDKs of 2018 fail with a SHA-512 signature, and @peculiar/x509 needs the exponent as bytes.
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 } as const;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A day back, for devices whose clock is late. */
function validFor(days: number, now = Date.now()): Validity {
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** Sixteen random octets, positive and not zero (RFC 5280, section 4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

function certificatePem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

/** A new authority: RSA 2048, SHA-256, valid for ten years. Takes a third of a second. */
export async function makeAuthority(): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const serial = serialNumber();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial,
    // Part of the serial number, so that two of them in one trust store can be told apart.
    name: `CN=Muster stub test CA ${serial.slice(0, 8)}, O=Muster`,
    ...validFor(CA_DAYS),
    signingAlgorithm: RSA,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      // Strict verifiers (Python 3.13) want both identifiers.
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await privateKeyPem(keys.privateKey), cert: certificatePem(certificate) };
}

/**
 * One leaf of `authority`.
 * @param names    DNS names (`*.` allowed) and IP addresses; the subject is the first of them
 * @param kind     its key
 * @param validity for certificates that are wrong on purpose; 825 days from yesterday unless told
 */
export async function issueLeaf(
  authority: KeyPair,
  names: readonly string[],
  kind: 'rsa' | 'ec',
  validity: Validity = validFor(LEAF_DAYS),
): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = await crypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(authority.key), RSA, false, ['sign']);
  const keys: webcrypto.CryptoKeyPair = await crypto.subtle.generateKey(kind === 'rsa' ? RSA : EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${names[0] ?? 'muster'}`,
    issuer: issuer.subject,
    ...validity,
    signingAlgorithm: RSA,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      // Without keyEncipherment the C SDKs refuse the RSA leaf.
      kind === 'rsa'
        ? new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true)
        : new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: isIP(name) ? 'ip' : 'dns', value: name }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { key: await privateKeyPem(keys.privateKey), cert: certificatePem(certificate) };
}

/**
 * An authority with an RSA and a P-256 leaf.
 * @param names     what the leaves are valid for
 * @param authority one that exists already; a new one is made without it
 */
export async function makeCertificates(names: readonly string[] = DEFAULT_NAMES, authority?: KeyPair): Promise<Certificates> {
  const issuer = authority ?? (await makeAuthority());
  const [rsa, ec] = await Promise.all([issueLeaf(issuer, names, 'rsa'), issueLeaf(issuer, names, 'ec')]);
  return { caPem: issuer.cert, rsa, ec };
}
