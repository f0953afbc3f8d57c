// Cases of the suite over WebSockets, on the wall clock, in a Web Worker of their own. Who operates the platform is asked through the page.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { SocketCases } from './socket-cases.ts';

const loading = import('./socket-cases.ts');
// Exposed at once: a request that comes while the rest is still loading must find somebody who listens.
const worker: SocketCases = {
  prepare: async (setup, act) => (await loading).socketCases.prepare(setup, act),
  examine: async () => (await loading).socketCases.examine(),
  run: async (caseId) => (await loading).socketCases.run(caseId),
};
expose(worker);
