// Cells in a Web Worker of their own. Immediates are counted before any library is loaded: they keep the function that they find.
import '../shims/globals.ts';
import { expose } from 'comlink';
import type { CellRequest } from '../../scenarios/engine/cell-agent.ts';
import { countImmediates } from '../../scenarios/engine/virtual-time.ts';
import type { JudgedRecord } from './judged.ts';

export interface CellWorker {
  run(request: CellRequest): Promise<JudgedRecord>;
}

countImmediates();
const loading = Promise.all([import('../../scenarios/engine/cell-agent.ts'), import('./judged.ts')]);
// Exposed at once: a request that comes while the rest is still loading must find somebody who listens.
const worker: CellWorker = {
  async run(request) {
    const [{ cellAgent }, { judgedRecord }] = await loading;
    return judgedRecord(await cellAgent.run(request));
  },
};
expose(worker);
