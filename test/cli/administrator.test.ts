// Runs at a target as a person at a terminal has them: steps on stderr, answers on stdin, and `muster cleanup` afterwards.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { COMMAND } from '../command/command.ts';
import { EXIT, Sandbox, type Ended, type Ready } from './process.ts';

const sandbox = new Sandbox();
afterAll(() => sandbox.close());
const LONG = 90_000;
const STATE = sandbox.at('state');
const env = { XDG_STATE_HOME: STATE };

interface StubTarget {
  readonly administrator: { readonly url: string; readonly tokenFile: string };
  readonly product: { readonly key: string };
}
const read = (ready: Ready): StubTarget => parse(readFileSync(ready.target, 'utf8')) as StubTarget;

async function operate(ready: Ready, command: object): Promise<Record<string, unknown>> {
  const { administrator } = read(ready);
  const answer = await fetch(administrator.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${readFileSync(administrator.tokenFile, 'utf8').trim()}`, 'content-type': 'application/json' },
    body: JSON.stringify(command),
  });
  return (await answer.json()) as Record<string, unknown>;
}

/** The stub, administered by whoever sits at the terminal. */
function byHand(ready: Ready): string {
  const text = readFileSync(ready.target, 'utf8').replace(/^administrator:[\s\S]*?(?=^\w)/m, 'administrator: { kind: human }\n');
  const file = sandbox.at('by-hand.yaml');
  writeFileSync(file, text);
  return file;
}

/** Runs the command; `answer` is given each question on stderr and says what to type. */
async function withPerson(args: readonly string[], answer: (question: string) => Promise<string>): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: sandbox.folder,
    env: { ...process.env, ...env, XDG_RUNTIME_DIR: sandbox.at('run') },
  });
  const text = { stdout: '', stderr: '' };
  let asked = 0;
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    text.stderr += chunk.toString();
    for (;;) {
      const question = text.stderr.slice(asked);
      const end = question.indexOf('\n> ');
      if (end < 0) return;
      asked += end + 3;
      void answer(question.slice(0, end)).then((typed) => child.stdin.write(`${typed}\n`));
    }
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...text };
}

describe('a person at the terminal', () => {
  test(
    'does the steps, and is told by cleanup what is left to remove',
    async () => {
      await sandbox.withStub([], async (ready) => {
        const { key } = read(ready).product;
        const questions: string[] = [];
        const ended = await withPerson(
          ['verify', 'platform', '--case', 'platform/prereg/random-again', '--target', byHand(ready), '--namespace', 'hand'],
          async (question) => {
            questions.push(question);
            const deviceName = /add a device named (\S+)/.exec(question)?.[1];
            expect(await operate(ready, { action: 'AddDevice', productKey: key, deviceName })).toMatchObject({ ok: true });
            return '';
          },
        );
        expect([ended.code, ended.stdout]).toEqual([EXIT.asked, expect.stringMatching(/^pass +platform\/prereg\/random-again/)]);
        expect(questions.length).toBeGreaterThan(0);
        expect(statSync(`${STATE}/muster/runs/hand/ledger.jsonl`).mode & 0o777).toBe(0o600);

        const listed = await sandbox.run(['cleanup', 'hand'], { env });
        expect(listed).toMatchObject({ code: EXIT.notConformant, stderr: '' });
        expect(listed.stdout).toMatch(/^To be removed by hand of run hand at muster-stub:\n {2}device \S+ of product a1/);
        expect(await sandbox.run(['cleanup', 'hand', '--dry-run'], { env })).toMatchObject({ code: EXIT.asked });
      });
    },
    LONG,
  );

  test(
    'who leaves is nobody: the cases are not run, and the run ends',
    async () => {
      await sandbox.withStub([], async (ready) => {
        const run = sandbox.run(['verify', 'platform', '--case', 'platform/prereg/*', '--target', byHand(ready)], { env });
        const { code, stdout } = await run;
        expect(code).toBe(2);
        expect(stdout).toMatch(/not_run +platform\/prereg\/random-again/);
      });
    },
    LONG,
  );
});

describe('cleanup', () => {
  test(
    'removes what a run made at a stub, once',
    async () => {
      await sandbox.withStub([], async (ready) => {
        const products = async (): Promise<unknown[]> => (await operate(ready, { action: 'QueryProducts' }))['products'] as unknown[];
        const before = await products();
        const run = await sandbox.run(
          ['verify', 'platform', '--case', 'platform/prereg/*', '--target', ready.target, '--namespace', 'left/over', '--out', 'results'],
          { env },
        );
        expect(run.code).toBe(EXIT.asked);
        expect((await products()).length).toBeGreaterThan(before.length);
        const dry = await sandbox.run(['cleanup', 'left/over', '--dry-run'], { env });
        expect(dry).toMatchObject({ code: EXIT.asked, stdout: expect.stringMatching(/^Would be removed of run left\/over/) as string });
        const removed = await sandbox.run(['cleanup', 'left/over'], { env });
        expect([removed.code, removed.stderr]).toEqual([EXIT.asked, '']);
        expect(removed.stdout).toMatch(/^removed {2}device /);
        expect(await products()).toEqual(before);
        const again = await sandbox.run(['cleanup', 'left/over'], { env });
        expect(again).toMatchObject({ code: EXIT.asked, stdout: expect.stringMatching(/^Nothing that can be removed is left/) as string });
        // The ledger in --out is of the same run, and the second one to be cleaned up finds everything gone.
        expect(await sandbox.run(['cleanup', 'results'], { env })).toMatchObject({ code: EXIT.asked });
      });
    },
    LONG,
  );

  test('of no run, of a file that is no ledger, and of a stub that has gone is said in one line', async () => {
    expect(await sandbox.run(['cleanup', 'nobody'], { env })).toMatchObject({
      code: EXIT.usage,
      stderr: expect.stringMatching(/^muster: no run nobody has a ledger in .*; give the id that the run printed[^\n]*\n$/) as string,
    });
    writeFileSync(sandbox.at('plain.txt'), 'x\ny\n');
    expect((await sandbox.run(['cleanup', 'plain.txt'], { env })).stderr).toMatch(/^muster: plain\.txt: line 1 is no entry of a ledger/);
    const gone = {
      what: 'run',
      run: 'gone',
      target: 't',
      productKey: 'a1',
      administrator: { kind: 'stub', url: 'http://127.0.0.1:1/', port: 1 },
    };
    const device = { what: 'device', case: 'c', productKey: 'a1', deviceName: 'unit-0001' };
    writeFileSync(sandbox.at('gone.jsonl'), `${JSON.stringify(gone)}\n${JSON.stringify(device)}\n`);
    expect(await sandbox.run(['cleanup', 'gone.jsonl'], { env })).toMatchObject({
      code: EXIT.unreachable,
      stderr: expect.stringMatching(/does not run any more/) as string,
    });
  });
});
