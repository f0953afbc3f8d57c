// Cells in a Web Worker of their own. Immediates are counted before any library is loaded: they keep the function that they find.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { CellAgent } from '../../scenarios/engine/cell-agent.ts';
import { countImmediates } from '../../scenarios/engine/virtual-time.ts';

countImmediates();
const loading = import('../../scenarios/engine/cell-agent.ts');
// Exposed at once: a request that comes while the rest is still loading must find somebody who listens.
const worker: Pick<CellAgent, 'run'> = { run: async (request) => (await loading).cellAgent.run(request) };
expose(worker);
