// Cells in a thread of their own. Immediates are counted before any library is loaded: they keep the function that they find.
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { countImmediates } from '../../scenarios/engine/virtual-time.ts';

countImmediates();
const { cellAgent } = await import('../../scenarios/engine/cell-agent.ts');
if (parentPort) expose(cellAgent, nodeEndpoint(parentPort));
