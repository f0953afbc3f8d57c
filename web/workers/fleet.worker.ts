// A share of a fleet in a Web Worker: the in-page platform at the other end of a port, or a target over WebSockets or through the relay.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { PortLike } from '../../kernel/bytes/carrier.ts';
import { DEFAULT_EDITION } from '../../protocol/editions.ts';
import { fleetAgent, type FleetAgent, type FleetSetup } from '../../worker/fleet/agent.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from '../../worker/session/session.ts';
import { muxPortTransport } from '../../worker/transport/mux-port.ts';
import { muxWebSocketTransport } from '../../worker/transport/mux-websocket.ts';
import { openRelay, type RelayedPage } from '../../worker/transport/mux-websocket.web.ts';
import { SocketAccount, webSocketTransport, type WebSocketTarget } from '../../worker/transport/websocket.web.ts';
import { RelayMeter, type EncodedRelayTimes } from './relay-times.ts';

type Target = WebSocketTarget | RelayedPage | null;
export type WebFleetSetup = Omit<FleetSetup<Target>, 'timeouts' | 'edition'>;
export interface FleetWorker extends Omit<FleetAgent<Target, MessagePort>, 'prepare'> {
  prepare(setup: WebFleetSetup, port?: MessagePort): void;
  relayTimes(): EncodedRelayTimes;
  /** WebSockets to the target of this worker alone. */
  sockets(): Pick<SocketAccount, 'open' | 'full'>;
}

/** The in-page platform answers whatever it has the time for: who gives up on it blames it for the cores that it shares with the devices. */
const PATIENCE_MS = 100_000;
const IN_PAGE_TIMEOUTS: Timeouts = { dial: PATIENCE_MS, connack: PATIENCE_MS, credentials: PATIENCE_MS, reply: PATIENCE_MS };

const meter = new RelayMeter();
const account = new SocketAccount();
const agent = fleetAgent<Target, MessagePort>((target, clock, timeouts, port) => {
  if (port) return muxPortTransport(port as unknown as PortLike, clock);
  if (!target) throw new Error('a fleet needs a port or a target');
  if ('token' in target)
    return muxWebSocketTransport({ target: target.target, clock, timeouts, connect: () => openRelay(target), times: meter });
  return webSocketTransport({ ...target, clock, timeouts, account });
});
const worker: FleetWorker = {
  ...agent,
  relayTimes: () => meter.encoded(),
  sockets: () => ({ open: account.open, full: account.full }),
  prepare: (setup, port) =>
    agent.prepare({ ...setup, timeouts: port ? IN_PAGE_TIMEOUTS : DEFAULT_TIMEOUTS, edition: DEFAULT_EDITION }, port),
};
expose(worker);
