// The directory of a running stub: its test authority, and the files that tell others how to use it. What lies in them is decided elsewhere.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { codeOf, EXIT, messageOf, UserError } from '../../kernel/errors.ts';
import { DEFAULT_NAMES, issueLeaf, makeAuthority, type Certificates, type KeyPair } from './tls.node.ts';

export interface StateDir {
  /** Absolute. */
  readonly path: string;
  /** The authority's certificate, for a firmware or a client to trust. */
  readonly caPath: string;
  readonly certificates: Certificates;
  /** Writes a file that only this user can read; its absolute path. */
  write(name: string, content: string): string;
  /** Removes a directory that was made for this run; one that the user named stays. Does not throw when it is gone. */
  remove(): void;
}

const PRIVATE_DIR = 0o700;
const PRIVATE_FILE = 0o600;
const PUBLIC_FILE = 0o644;
/** A leaf that ends sooner than this is issued again. */
const LEFT_MS = 30 * 86_400_000;

/**
 * Opens the directory of a stub.
 * @param dir   kept over restarts, with its authority and leaves; without it a fresh one is made for this run, readable to this user only
 * @param names what the leaves are valid for; leaves that lack one of them are issued again by the same authority
 * @param claim called with a directory that the user named before anything in it is read or written; may refuse it by throwing
 * A directory that cannot be used, or holds a broken authority, is a UserError (exit 3).
 */
export async function openStateDir(
  dir: string | undefined,
  names: readonly string[] = DEFAULT_NAMES,
  claim: (path: string) => void = () => undefined,
): Promise<StateDir> {
  const path = makeDir(dir);
  if (dir !== undefined) claim(path);
  const write = (name: string, content: string, mode = PRIVATE_FILE): string => {
    const file = join(path, name);
    writeFileSync(file, content, { mode });
    // The mode above counts for new files only.
    chmodSync(file, mode);
    return file;
  };
  try {
    const authority = keptAuthority(path) ?? (await makeAuthority());
    const caPath = write('ca.pem', authority.cert, PUBLIC_FILE);
    write('ca.key', authority.key);
    const leaf = async (kind: 'rsa' | 'ec'): Promise<KeyPair> => {
      const pair = keptLeaf(path, kind, authority, names) ?? (await issueLeaf(authority, names, kind));
      write(`${kind}.pem`, pair.cert, PUBLIC_FILE);
      write(`${kind}.key`, pair.key);
      return pair;
    };
    const [rsa, ec] = await Promise.all([leaf('rsa'), leaf('ec')]);
    return {
      path,
      caPath,
      certificates: { caPem: authority.cert, rsa, ec },
      write: (name, content) => write(name, content),
      remove() {
        if (dir === undefined) rmSync(path, { recursive: true, force: true });
      },
    };
  } catch (error) {
    if (dir === undefined) rmSync(path, { recursive: true, force: true });
    throw codeOf(error) === undefined || error instanceof UserError ? error : unusable(path, error);
  }
}

function makeDir(dir: string | undefined): string {
  if (dir === undefined) return mkdtempSync(join(tmpdir(), 'muster-stub-'));
  const path = resolve(dir);
  try {
    mkdirSync(path, { recursive: true, mode: PRIVATE_DIR });
  } catch (error) {
    throw unusable(path, error);
  }
  return path;
}

function unusable(path: string, error: unknown): UserError {
  return new UserError(
    `the state directory ${path} cannot be used (${messageOf(error)})`,
    'give --state a directory you may write to',
    EXIT.unreachable,
  );
}

function readPair(path: string, name: string): KeyPair | undefined {
  const [key, cert] = [join(path, `${name}.key`), join(path, `${name}.pem`)];
  if (!existsSync(key) || !existsSync(cert)) return undefined;
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

/** Do key and certificate belong together, and is the certificate valid for a while? */
function holds(pair: KeyPair, leftMs: number): boolean {
  const certificate = new X509Certificate(pair.cert);
  return certificate.checkPrivateKey(createPrivateKey(pair.key)) && Date.parse(certificate.validTo) > Date.now() + leftMs;
}

/** The authority that devices may trust already: it is never replaced behind the user's back. */
function keptAuthority(path: string): KeyPair | undefined {
  const kept = readPair(path, 'ca');
  if (!kept) return undefined;
  const broken = (why: string): UserError =>
    new UserError(
      `the authority kept in ${path} cannot be used (${why})`,
      'delete ca.pem and ca.key there; devices must then trust the new ca.pem',
      EXIT.unreachable,
    );
  try {
    if (holds(kept, 0)) return kept;
  } catch (error) {
    throw broken(messageOf(error));
  }
  throw broken('it has expired, or key and certificate do not belong together');
}

/** The leaf of the last run, if it still serves: a browser that accepted it need not be asked again. */
function keptLeaf(path: string, name: 'rsa' | 'ec', authority: KeyPair, names: readonly string[]): KeyPair | undefined {
  const kept = readPair(path, name);
  if (!kept) return undefined;
  try {
    const certificate = new X509Certificate(kept.cert);
    const named = new Set((certificate.subjectAltName ?? '').split(', '));
    const covers = names.every((one) => (isIP(one) ? certificate.checkIP(one) !== undefined : named.has(`DNS:${one}`)));
    return covers && certificate.verify(new X509Certificate(authority.cert).publicKey) && holds(kept, LEFT_MS) ? kept : undefined;
  } catch (error) {
    // Unreadable: a new one costs a tenth of a second. Anything but OpenSSL's verdict is a fault of ours.
    if (codeOf(error)?.startsWith('ERR_OSSL') || codeOf(error)?.startsWith('ERR_CRYPTO')) return undefined;
    throw error;
  }
}
