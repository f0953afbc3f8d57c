// Thousands of hostile connections in a process of its own, as the soak makes a hundred thousand: none is kept, and nothing of them stays.
// What they leave in memory is measured and judged by the soak only (tools/soak.mjs), where there is time for it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CONNECTIONS = 5000;
const PROGRAM = fileURLToPath(new URL('memory.mjs', import.meta.url));

interface Measured {
  readonly connections: number;
  readonly idleHandles: number;
  readonly samples: readonly { connections: number; sessions: number; handles: number; heapUsed: number }[];
  readonly crashes: readonly string[];
  readonly ways: number;
  readonly waysTaken: number;
}

it('five thousand hostile connections leave no session, socket or timer', { timeout: 120_000 }, async () => {
  const child = spawn(process.execPath, ['--expose-gc', PROGRAM, '--connections', String(CONNECTIONS)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, complaints] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  const measured = JSON.parse(out) as Measured;
  expect(measured.crashes).toEqual([]);
  expect(measured.connections).toBe(CONNECTIONS);
  expect(measured.waysTaken).toBe(measured.ways);
  expect(measured.samples.map(({ connections, sessions }) => [connections, sessions])).toEqual([
    [1000, 0],
    [3000, 0],
    [5000, 0],
  ]);
  for (const { handles } of measured.samples) expect(handles).toBeLessThanOrEqual(measured.idleHandles);
});
