// Whom a relay reaches, and nobody else: the MQTT endpoints of target files, and of a stub of this user's. No ProductSecret is read.
import { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { messageOf, UserError } from '../../kernel/errors.ts';
import type { DeclaredPace } from '../../worker/fleet/pace.ts';
import { hostOf } from '../../worker/transport/host.ts';
import { readText } from '../files.ts';
import { readTargetFile } from '../target-file.ts';
import type { Place } from './dial.ts';

export type EndpointName = 'mqtt' | 'mqtts';

/** A stub limits nobody unless it was told to; its own target file says the same. */
export const STUB_PACE: DeclaredPace = { perDevicePerMinute: 'none' };

export interface RelayTarget {
  /** What a client names it by; unique. */
  readonly id: string;
  readonly name: string;
  readonly productKey: string;
  /** As its file declares it, for the page to keep: the relay itself holds nobody up. */
  readonly pace: DeclaredPace;
  readonly endpoints: Readonly<Partial<Record<EndpointName, Place>>>;
}

/** What a page may know of a target. */
export interface ListedTarget extends Omit<RelayTarget, 'endpoints'> {
  readonly endpoints: Readonly<Partial<Record<EndpointName, { readonly host: string; readonly port: number; readonly sni?: string }>>>;
}

const USUAL_PORT = { mqtt: 1883, mqtts: 8883 } as const;
const ENDPOINTS = ['mqtt', 'mqtts'] as const;

interface Trust {
  readonly ca?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** A target of these URLs; `where` names it for mistakes. */
export function targetOf(
  { name, productKey, pace = {} }: { readonly name: string; readonly productKey: string; readonly pace?: DeclaredPace },
  endpoints: Readonly<Partial<Record<EndpointName, string>>>,
  trust: Trust,
  where: string,
): RelayTarget {
  const places = ENDPOINTS.flatMap((key) => {
    const text = endpoints[key];
    if (text === undefined) return [];
    const url = new URL(text);
    const host = hostOf(url)?.toLowerCase();
    if (host === undefined) throw new UserError(`${where}: endpoint ${key} names no host`, `write it as ${key}://HOST:PORT`);
    const port = url.port === '' ? USUAL_PORT[key] : Number(url.port);
    const tls = { context: contextOf(trust.ca, where), serverName: trust.serverName, insecure: trust.insecure ?? false };
    return [[key, key === 'mqtts' ? { host, port, tls } : { host, port }] as const];
  });
  if (places.length === 0)
    throw new UserError(`${where} has neither an mqtts nor an mqtt endpoint`, 'add one: a relay opens TLS and TCP, no WebSockets');
  return { id: slug(name), name, productKey, pace, endpoints: Object.fromEntries(places) };
}

/** Reads a target file. UserErrors say what is wrong with it. */
export function targetFromFile(path: string): RelayTarget {
  if (/^(stub$|[a-z][a-z0-9+.-]*:\/\/)/i.test(path))
    throw new UserError(
      `--target ${path} is no target file, and the relay leads to the endpoints of one`,
      'write one: docs/targets.md has the smallest',
    );
  const { name, product, endpoints, tls, pace } = readTargetFile(path);
  const { mqtt, mqtts } = endpoints;
  const ca = tls.ca === undefined ? undefined : readText(resolve(dirname(path), tls.ca), 'CA file');
  const trust = { ca, serverName: tls.serverName, insecure: tls.insecure };
  return targetOf(
    { name, productKey: product.key, pace },
    { ...(mqtt && { mqtt }), ...(mqtts && { mqtts }) },
    trust,
    `target file ${path}`,
  );
}

/** The same targets, each with an id of its own. */
export function withUniqueIds(targets: readonly RelayTarget[]): RelayTarget[] {
  const taken = new Set<string>();
  return targets.map((target) => {
    let id = target.id;
    for (let n = 2; taken.has(id); n++) id = `${target.id}-${n}`;
    taken.add(id);
    return { ...target, id };
  });
}

export function listed({ id, name, productKey, pace, endpoints }: RelayTarget): ListedTarget {
  const places = Object.entries(endpoints).map(([key, { host, port, tls }]) => {
    const sni = tls?.serverName ?? host;
    return [key, { host, port, ...(tls && !/^[\d.]+$|:/.test(sni) ? { sni } : {}) }];
  });
  return { id, name, productKey, pace, endpoints: Object.fromEntries(places) as ListedTarget['endpoints'] };
}

function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-') || 'target';
}

/** One for all connections of a target: reading the certificates costs more than a handshake. */
function contextOf(ca: string | undefined, where: string): SecureContext {
  if (ca === undefined) return createSecureContext();
  try {
    // OpenSSL passes over what it cannot read, and then trusts nobody.
    new X509Certificate(ca).toString();
    return createSecureContext({ ca });
  } catch (error) {
    throw new UserError(
      `${where}: the CA to trust cannot be read (${messageOf(error)})`,
      'give the file that begins with -----BEGIN CERTIFICATE-----',
    );
  }
}
