// How a unit in a page reaches a platform through the relay: TCP and TLS that the relay opens, all over one WebSocket of this worker.
// What the relay found on the way is an outcome; what ails the relay itself is ours and never counted against the platform.
import type { Carrier } from '../../kernel/bytes/carrier.ts';
import { readReport, type Opening } from '../../kernel/bytes/mux-report.ts';
import { relayClient, type RelayClient } from '../../kernel/bytes/mux.ts';
import { endedByRelay, type Ending, type StreamFacts } from '../../kernel/bytes/stream.ts';
import { within, type Clock } from '../../kernel/clock.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { noSuchWay, type Dialled, type Transport } from './transport.ts';

/** A target that the relay lists. */
export interface RelayedTarget {
  readonly id: string;
  readonly endpoints: Readonly<Partial<Record<'mqtt' | 'mqtts', { readonly host: string; readonly port: number; readonly sni?: string }>>>;
}

/** Told what the relay measured: how long a target took to be up, and its first byte after ours, milliseconds. */
export interface RelayTimes {
  up(opening: Opening): void;
  firstByte(ms: number): void;
}

export interface MuxWebSocketOptions {
  readonly target: RelayedTarget;
  readonly clock: Clock;
  /** `dial`: how long opening a stream may take, milliseconds. The relay gives up by itself after about as long. */
  readonly timeouts: { readonly dial: number };
  /** Opens a WebSocket to the relay; rejects where there is none. Asked again once it has gone. */
  readonly connect: () => Promise<Carrier>;
  readonly times?: RelayTimes;
}

/** A device may have to wait for its turn at the relay, which then gives up by itself and says so. */
const GRACE_MS = 20_000;

const OURS: Dialled = { ok: false, outcome: { kind: 'local', reason: 'relay' } };

/** A transport through the relay. `dial` never throws. */
export function muxWebSocketTransport(options: MuxWebSocketOptions): Transport {
  const { target, clock, timeouts, connect } = options;
  const { mqtt, mqtts } = target.endpoints;
  let relay: Promise<RelayClient | undefined> | undefined;
  const open = (): Promise<RelayClient | undefined> => {
    relay ??= connect().then(
      (carrier) =>
        relayClient(
          watched(carrier, () => (relay = undefined)),
          clock,
        ),
      () => (relay = undefined),
    );
    return relay;
  };
  return {
    offersPlain: mqtt !== undefined,
    async dial(security, way) {
      if (way) return noSuchWay(way);
      const name = security === 'encrypted' ? 'mqtts' : 'mqtt';
      const place = target.endpoints[name];
      if (!place) return { ok: false, outcome: { kind: 'unreachable', stage: name === 'mqtts' ? 'tls' : 'tcp', code: 'NO_ENDPOINT' } };
      const client = await within(clock, timeouts.dial, open(), () => undefined);
      if (!client) return OURS;
      const { host, port, sni } = place;
      const facts: StreamFacts =
        place === mqtts
          ? { kind: 'tls', encrypted: true, ...(sni === undefined ? {} : { sni }), peer: host, port }
          : { kind: 'tcp', encrypted: false, peer: host, port };
      return dial(client, `${target.id}/${name}`, facts, options);
    },
  };
}

function dial(client: RelayClient, name: string, facts: StreamFacts, { clock, timeouts, times }: MuxWebSocketOptions): Promise<Dialled> {
  return new Promise((resolve) => {
    const startedAt = clock.now();
    let settled = false;
    const settle = (result: Dialled): void => {
      if (settled) return;
      settled = true;
      timer.cancel();
      resolve(result);
    };
    const timer = clock.after(timeouts.dial + GRACE_MS, () => {
      settle(OURS);
      stream.abort();
    });
    const stream = client.open(name, facts, {
      told(text) {
        const report = readReport(text);
        if (!report) return;
        if ('firstByteMs' in report) times?.firstByte(report.firstByteMs);
        else if ('failed' in report) settle({ ok: false, outcome: report.failed });
        else {
          times?.up(report.up);
          settle({ ok: true, stream });
        }
      },
      closed: (ending) => settle({ ok: false, outcome: outcomeOf(ending, clock.now() - startedAt) }),
    });
  });
}

/** What a stream that ended without a report says. */
function outcomeOf(ending: Ending, afterMs: number): Outcome {
  if (ending.by !== 'fault') return { kind: 'closed', stage: 'tcp', afterMs };
  return endedByRelay(ending) ? { kind: 'local', reason: 'relay' } : { kind: 'unreachable', stage: 'tcp', code: ending.code };
}

/** The same carrier, which also tells us of its end. */
function watched(carrier: Carrier, gone: () => void): Carrier {
  return {
    ...carrier,
    onClosed: (handler) =>
      carrier.onClosed?.(() => {
        gone();
        handler();
      }),
  };
}
