// The embedded platform in a thread of its own.
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { stubAgent } from '../../platform-stub/agent.ts';

if (parentPort) expose(stubAgent(), nodeEndpoint(parentPort));
