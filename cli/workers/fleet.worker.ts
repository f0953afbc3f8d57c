// A share of a fleet in a thread of its own: the embedded platform at the other end of a port, or a target reached over sockets.
import { parentPort, type MessagePort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { fleetAgent } from '../../worker/fleet/agent.ts';
import { muxPortTransport } from '../../worker/transport/mux-port.ts';
import { tcpTransport, type TcpTarget } from '../../worker/transport/tcp.node.ts';
import type { PortLike } from '../../kernel/bytes/carrier.ts';

const agent = fleetAgent<TcpTarget | null, MessagePort>((target, clock, timeouts, port) => {
  if (port) return muxPortTransport(port as unknown as PortLike, clock);
  if (!target) throw new Error('a fleet needs a port or a target');
  return tcpTransport({ ...target, clock, timeouts });
});
if (parentPort) expose(agent, nodeEndpoint(parentPort));
