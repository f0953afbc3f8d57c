// Opens TCP or TLS to a target at its pinned addresses, and times it.
import type { LookupAddress } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { fromDuplex, type DuplexLike } from '../../kernel/bytes/duplex.ts';
import { REASON, type Reason } from '../../kernel/bytes/mux-frames.ts';
import type { DialFailure, Opening } from '../../kernel/bytes/mux-report.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import type { Clock } from '../../kernel/clock.ts';
import { codeOf, messageOf } from '../../kernel/errors.ts';
import { connectTls } from '../../worker/transport/tls.node.ts';
import type { Pins } from './pins.ts';

export interface Tls {
  readonly context: SecureContext;
  /** Name to ask for and to check instead of the host. */
  readonly serverName: string | undefined;
  readonly insecure: boolean;
}

/** Where to, and whether the relay speaks TLS there. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls?: Tls;
}

export type Dialled =
  | { readonly ok: true; readonly stream: ByteStream; readonly opening: Opening }
  | { readonly ok: false; readonly failure: DialFailure; readonly reason: Reason };

type DialStage = 'dns' | 'tcp' | 'tls';

/** Codes that say: this machine has no more of it. */
const LOCAL: Readonly<Record<string, 'descriptors' | 'ports'>> = { EMFILE: 'descriptors', ENFILE: 'descriptors', EADDRNOTAVAIL: 'ports' };
/** Says of one address of a name that this machine cannot go there at all: another address tells more. */
const NO_ROUTE = new Set(['EADDRNOTAVAIL', 'ENETUNREACH', 'EHOSTUNREACH', 'EAFNOSUPPORT']);
/** Node's 250 ms for one of several addresses give up before a lost SYN is sent again. */
const ADDRESS_MS = 2_000;

/**
 * Never throws. `settled` is called once, unless the dial is cancelled first.
 * @returns cancels
 */
export function dial(place: Place, pins: Pins, clock: Clock, dialMs: number, settled: (result: Dialled) => void): () => void {
  const startedAt = clock.now();
  let stage: DialStage = 'dns';
  let over = false;
  let carrier: Socket | undefined;
  const settle = (result: Dialled): void => {
    if (over) return;
    over = true;
    timer.cancel();
    if (!result.ok) carrier?.destroy();
    settled(result);
  };
  const failed = (error: unknown): void => {
    const failure = failureOf(error, stage, clock.now() - startedAt);
    settle({ ok: false, failure, reason: reasonOf(failure) });
  };
  const closed = (): void => {
    if (!over) failed(closedEarly());
  };
  const timer = clock.after(dialMs, () =>
    settle({ ok: false, failure: { kind: 'silent', stage, waitedMs: dialMs }, reason: REASON.timedOut }),
  );

  const open = (addresses: readonly LookupAddress[]): void => {
    if (over) return;
    stage = 'tcp';
    const dialledAt = clock.now();
    const { host, port, tls } = place;
    const opened = (duplex: DuplexLike, opening: Opening): void =>
      settle({
        ok: true,
        stream: fromDuplex(duplex, { kind: tls ? 'tls' : 'tcp', encrypted: tls !== undefined, peer: host, port }),
        opening,
      });
    const [first, ...others] = addresses;
    // One address needs no choice between several, which costs as much as the connection.
    const where = first && others.length === 0 ? { host: first.address } : { host, lookup: pinned(addresses) };
    const address = { ...where, port, autoSelectFamilyAttemptTimeout: ADDRESS_MS };
    const name = tls?.serverName ?? host;
    const secure = tls && connectTls(address, { ...tls, subject: name, serverName: isIP(name) ? undefined : name });
    const socket = secure ?? connectTcp({ ...address, noDelay: true });
    carrier = socket;
    // Stays for good: an error after the dial is the stream's to report, and without a listener the process would end.
    socket.on('error', failed);
    socket.once('close', closed);
    socket.once('connect', () => {
      const upAt = clock.now();
      const tcpMs = upAt - dialledAt;
      if (!secure) return opened(socket, { tcpMs });
      stage = 'tls';
      secure.once('secureConnect', () => opened(secure, { tcpMs, tlsMs: clock.now() - upAt }));
    });
  };
  pins.addressesOf(place.host).then(open, failed);
  return () => {
    if (over) return;
    over = true;
    timer.cancel();
    carrier?.destroy();
  };
}

/** Node dials what this says and asks nobody else. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses;
    if (!first) done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '');
    else if (all) done(null, [...addresses]);
    else done(null, first.address, first.family);
  };
}

function closedEarly(): Error {
  return Object.assign(new Error('closed while dialling'), { code: 'ECONNRESET' });
}

function failureOf(error: unknown, stage: DialStage, waitedMs: number): DialFailure {
  const code = tellingCode(error);
  const reason = LOCAL[code];
  if (reason) return { kind: 'local', reason };
  return code === 'ETIMEDOUT' ? { kind: 'silent', stage, waitedMs } : { kind: 'unreachable', stage, code };
}

/** The code of an error; of a name with several addresses, the first that tells more than that there is no way to one of them. */
function tellingCode(error: unknown): string {
  const all: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const codes = all.map((one) => codeOf(one) ?? messageOf(one));
  return codes.find((code) => !NO_ROUTE.has(code)) ?? codes[0] ?? messageOf(error);
}

/** The nearest of Wisp's reasons, for clients that know no reports. */
function reasonOf(failure: DialFailure): Reason {
  if (failure.kind === 'silent') return REASON.timedOut;
  if (failure.kind === 'local') return REASON.throttled;
  if (failure.stage === 'tls') return REASON.network;
  return failure.code === 'ECONNREFUSED' ? REASON.refused : REASON.unreachable;
}
