// Is there anything to talk to: names, ports, certificates, clocks. Everything here is below MQTT.
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { codeOf, messageOf } from '../../kernel/errors.ts';
import { hostOf } from '../../worker/transport/host.ts';
import type { TcpTarget } from '../../worker/transport/tcp.node.ts';
import { ok, problem, unknown, warning, type Examination } from './examination.ts';

const WAIT_MS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Days before its end at which a certificate is worth a warning. */
const SOON_DAYS = 14;
/** Certificates beyond this many are a loop. */
const CHAIN_MAX = 8;

export interface NamedEndpoint {
  /** `mqtts`, `https`… */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

/** An address of the target, taken apart. */
export function endpointOf(scheme: string, url: string): NamedEndpoint {
  const usual: Readonly<Record<string, number>> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443, https: 443 };
  const read = new URL(url);
  const { hostname, port } = read;
  return { scheme, host: hostOf(read) ?? hostname, port: port === '' ? (usual[scheme] ?? 443) : Number(port) };
}

/** Name, port and, where there is TLS, chain and name of the certificate. Each stage only after the one below it. */
export async function examineEndpoint(endpoint: NamedEndpoint, target: TcpTarget, now: () => number): Promise<Examination[]> {
  const { scheme, host, port } = endpoint;
  const found: Examination[] = [];
  if (!isIP(host)) {
    const addresses = await lookup(host, { all: true }).catch((error: unknown) => codeOf(error) ?? messageOf(error));
    if (typeof addresses === 'string')
      return [problem(`dns ${scheme}`, `${host} is not known (${addresses})`, 'check the name, and the resolver of this machine')];
    found.push(ok(`dns ${scheme}`, `${host} is ${addresses.map((one) => one.address).join(', ')}`));
  }
  const refused = await reach(host, port);
  if (refused !== undefined) return [...found, tcpProblem(endpoint, refused)];
  found.push(ok(`tcp ${scheme}`, `${host}:${port} accepts connections`));
  if (scheme === 'mqtts' || scheme === 'wss' || scheme === 'https') found.push(...(await examineTls(endpoint, target, now)));
  return found;
}

/** Why a port cannot be reached; undefined where it can. */
function reach(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (why?: string): void => {
      socket.destroy();
      resolve(why);
    };
    socket.setTimeout(WAIT_MS, () => settle('SILENT'));
    socket.once('connect', () => settle());
    socket.once('error', (error) => settle(codeOf(error) ?? messageOf(error)));
  });
}

function tcpProblem({ scheme, host, port }: NamedEndpoint, code: string): Examination {
  const what = `tcp ${scheme}`;
  if (code === 'SILENT')
    return problem(what, `${host}:${port} does not answer within ${WAIT_MS / 1000} s`, 'check the port, and the firewalls between');
  if (code === 'ECONNREFUSED') return problem(what, `nothing listens at ${host}:${port}`, 'start the platform, or check the port');
  return problem(what, `${host}:${port} cannot be reached (${code})`, 'check the address and the network');
}

async function examineTls(endpoint: NamedEndpoint, target: TcpTarget, now: () => number): Promise<Examination[]> {
  const what = `tls ${endpoint.scheme}`;
  const answer = await handshake(endpoint, target);
  if (typeof answer === 'string')
    return [problem(what, `the handshake failed (${answer})`, 'is it a TLS port? The plain ports are usually 1883 and 80')];
  const { chain, error, protocol, cipher } = answer;
  const found: Examination[] = [];
  const shown = chain.map((one) => one.subject).join(' ← ');
  if (error !== undefined) {
    const said = `the certificate is not trusted (${error}); chain: ${shown}`;
    const remedy =
      error === 'ERR_TLS_CERT_ALTNAME_INVALID'
        ? `the certificate is for ${chain[0]?.names ?? 'another name'}: dial that name, or say tls.serverName in the target file`
        : 'give the authority that signed it: --ca FILE, or tls.ca in the target file';
    found.push(target.insecure ? warning(what, said, 'insecure is set: devices would refuse it') : problem(what, said, remedy));
  } else found.push(ok(what, `${protocol}, ${cipher}; chain: ${shown}`));
  const [leaf] = chain;
  if (leaf) {
    const days = Math.floor((leaf.validTo - now()) / DAY_MS);
    if (leaf.validFrom > now())
      found.push(problem(`clock ${endpoint.scheme}`, 'the certificate is not valid yet', 'set the clock of this machine'));
    else if (days < 0) found.push(problem(what, 'the certificate has ended', 'renew it'));
    else if (days < SOON_DAYS) found.push(warning(what, `the certificate ends in ${days} days`, 'renew it'));
  }
  return found;
}

interface Handshake {
  readonly protocol: string;
  readonly cipher: string;
  /** Why it is not trusted, if so. */
  readonly error: string | undefined;
  readonly chain: readonly { subject: string; names: string; validFrom: number; validTo: number }[];
}

/** Goes through with the handshake whatever the certificate is, to be able to show it. */
function handshake({ host, port }: NamedEndpoint, target: TcpTarget): Promise<Handshake | string> {
  const servername = target.serverName ?? host;
  return new Promise((resolve) => {
    const socket: TLSSocket = connectTls({
      host,
      port,
      ...(isIP(servername) ? {} : { servername }),
      ...(target.ca === undefined ? {} : { ca: target.ca }),
      rejectUnauthorized: false,
    });
    const settle = (answer: Handshake | string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(WAIT_MS, () => settle(`silent for ${WAIT_MS / 1000} s`));
    socket.once('error', (error) => settle(codeOf(error) ?? messageOf(error)));
    socket.once('close', () => settle('closed'));
    socket.once('secureConnect', () => {
      // Node's types say Error; it is the code of one.
      const error = socket.authorized ? undefined : String(socket.authorizationError);
      const protocol = socket.getProtocol() ?? 'TLS';
      settle({ protocol, cipher: socket.getCipher().name, error, chain: chainOf(socket.getPeerCertificate(true)) });
    });
  });
}

function chainOf(leaf: PeerCertificate & { issuerCertificate?: PeerCertificate }): Handshake['chain'] {
  const chain: { subject: string; names: string; validFrom: number; validTo: number }[] = [];
  let one: (PeerCertificate & { issuerCertificate?: PeerCertificate }) | undefined = leaf;
  while (one?.subject && chain.length < CHAIN_MAX) {
    const { subject, subjectaltname, valid_from, valid_to } = one;
    const names = subjectaltname ?? String(subject.CN);
    chain.push({ subject: String(subject.CN ?? subject.O), names, validFrom: Date.parse(valid_from), validTo: Date.parse(valid_to) });
    const issuer: PeerCertificate | undefined = one.issuerCertificate;
    one = issuer === one ? undefined : issuer;
  }
  return chain;
}

/** Offset of the platform's clock, where it can be known: from the Date of an HTTPS answer. */
export function examineClock(date: string | null, now: number): Examination {
  const what = 'clock';
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return unknown(what, 'the platform tells no time that could be compared (no HTTPS endpoint, or no Date)');
  const seconds = Math.round((theirs - now) / 1000);
  const said = `the platform's clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} this one`;
  return Math.abs(seconds) > 300
    ? warning(what, said, 'signatures do not depend on it, certificates and logs do: set the clocks')
    : ok(what, said);
}
