// Is there anything to talk to? Looks below MQTT only: whatever answers a CONNECT is a subject, not a fault. It sends no CONNECT, so it
// consumes no ClientID and no name.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { Transport } from '../../worker/transport/transport.ts';

export interface Complaint {
  readonly what: string;
  readonly remedy: string;
  /** What dialling came to. */
  readonly outcome: Outcome;
}

/** Opens one stream and ends it; a complaint where that was not possible. */
export async function examine(transport: Transport, security: 'encrypted' | 'plain'): Promise<Complaint | undefined> {
  const dialled = await transport.dial(security);
  if (!dialled.ok) return { ...complaintOf(dialled.outcome), outcome: dialled.outcome };
  dialled.stream.attach({ data: () => undefined, drain: () => undefined, end: () => dialled.stream.end(), close: () => undefined });
  dialled.stream.abort();
  return undefined;
}

/** How Node names what is wrong with a certificate or its chain; everything else is the handshake itself. */
const OF_A_CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO|ISSUER|CRL|HOSTNAME|ALTNAME|SIGNATURE|CHAIN/;

function complaintOf(outcome: Outcome): Omit<Complaint, 'outcome'> {
  if (outcome.kind === 'silent') {
    return {
      what: `it did not answer within ${outcome.waitedMs / 1000} s (${outcome.stage})`,
      remedy: 'check the address, the port and the firewall between',
    };
  }
  if (outcome.kind === 'local')
    return { what: `this machine is out of ${outcome.reason}`, remedy: 'end other programs, or raise the limit' };
  if (outcome.kind !== 'unreachable') return { what: outcome.kind, remedy: 'check the target' };
  const { stage, code } = outcome;
  switch (stage) {
    case 'dns':
      return { what: `its host name is not known (${code})`, remedy: 'check the name' };
    case 'tcp':
      return code === 'ECONNREFUSED'
        ? { what: `nothing listens there (${code})`, remedy: 'start the platform, or check the port' }
        : { what: `the network did not connect (${code})`, remedy: 'check the address and the network' };
    case 'tls':
      if (code === 'NO_ENDPOINT')
        return { what: 'it has no encrypted endpoint, and registration needs one', remedy: 'add `mqtts` or `wss` to the endpoints' };
      return OF_A_CERTIFICATE.test(code)
        ? {
            what: `its certificate was refused (${code})`,
            remedy: 'give the authority that signed it with --ca FILE, and the name that it carries',
          }
        : { what: `the TLS handshake came to nothing (${code})`, remedy: 'check that this port speaks TLS, and which versions' };
    case 'ws':
      return { what: `it refused the WebSocket (${code})`, remedy: 'check the path and that it speaks MQTT over WebSocket' };
  }
}
