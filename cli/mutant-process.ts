// A mutant in a process of its own, judged over TLS by a process that is not told which it is.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../kernel/errors.ts';
import { CASES } from '../scenarios/engine/cases.ts';
import { judgedClass } from '../scenarios/engine/requirements.ts';
import { judgeCase } from '../scenarios/judge/judge.ts';
import type { MatrixProblem, MatrixRow } from '../scenarios/mutants/matrix.ts';
import { openProgress } from './progress.ts';
import { remoteRunner } from './runners.ts';
import { chooseTarget } from './target.ts';

/** The first line of `muster stub --json`, as far as it is needed here. */
interface Ready {
  readonly target: string;
}

/** Judges each mutant of the platform by a case that found it in a cell; a problem where it is not found again. */
export async function judgeOverTls(rows: readonly MatrixRow[], jobs: number): Promise<MatrixProblem[]> {
  const queue = rows.filter((row) => row.killers.some((name) => name.startsWith('platform/')));
  const progress = openProgress('over TLS', queue.length);
  const problems: MatrixProblem[] = [];
  const total = queue.length;
  const work = async (): Promise<void> => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      const why = await judgeOne(row);
      if (why !== undefined) problems.push({ mutant: row.mutant, what: why });
      progress.update(total - queue.length, row.mutant);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, jobs) }, work));
  } finally {
    progress.stop();
  }
  return problems;
}

async function judgeOne(row: MatrixRow): Promise<string | undefined> {
  const state = mkdtempSync(join(tmpdir(), 'muster-mutant-'));
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'stub', '--json', '--state', state, '--mutant', row.mutant], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const { target: file } = await readyLine(child.stdout);
    const target = chooseTarget({ target: file });
    if (target.kind !== 'remote') throw new Error('the target file of a stub names a platform on sockets');
    const said: string[] = [];
    for (const id of casesOf(row)) {
      const definition = CASES.find((one) => one.id === id);
      if (!definition) continue;
      const runner = await remoteRunner(target, { seed: '1', delayTurns: 0 });
      try {
        const run = await runner.run(definition);
        if (run.kind !== 'ran') return `was not judged over TLS: ${id} is ${run.kind}`;
        const { checks } = judgeCase(run.record, definition.checks, judgedClass);
        if (checks.some((check) => row.killers.includes(`${id}#${check.id}`) && check.verdict === (row.class === 'S' ? 'warn' : 'fail')))
          return undefined;
        said.push(`${id} said ${checks.find((check) => check.verdict !== 'pass')?.because ?? 'pass'}`);
      } finally {
        await runner.close();
      }
    }
    return `is not found over TLS: ${said.join('; ')}`;
  } finally {
    child.kill('SIGTERM');
    await gone;
    rmSync(state, { recursive: true, force: true });
  }
}

/** The cases that found it, those first that say most and take least. */
function casesOf(row: MatrixRow): string[] {
  const ids = [...new Set(row.killers.map((name) => name.split('#', 1)[0] ?? ''))];
  return ids.filter((id) => !id.startsWith('platform/scale/')).concat(ids.filter((id) => id.startsWith('platform/scale/')));
}

async function readyLine(stdout: NodeJS.ReadableStream): Promise<Ready> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as Ready;
  throw new UserError('the stub of a mutant did not start', 'try again with fewer --jobs');
}
