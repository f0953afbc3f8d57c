// A mutant in a process of its own, judged over TLS by a process that is not told which it is.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../kernel/errors.ts';
import { openStateDir } from '../platform-stub/node/state-dir.node.ts';
import { CASES } from '../scenarios/engine/cases.ts';
import { forecast } from '../scenarios/engine/forecast.ts';
import { judgedClass } from '../scenarios/engine/requirements.ts';
import { judgeCase } from '../scenarios/judge/judge.ts';
import { caseOf, type Killed, type MatrixProblem, type TlsRow } from '../scenarios/mutants/matrix.ts';
import { openProgress } from './progress.ts';
import { remoteRunner } from './runners.ts';
import { chooseTarget } from './target.ts';

/** The first line of `muster stub --json`, as far as it is needed here. */
interface Ready {
  readonly target: string;
}

export interface OverTls {
  readonly rows: readonly TlsRow[];
  /** Of each mutant that was not found again. */
  readonly problems: readonly MatrixProblem[];
}

/** Judges each mutant of the platform by the cases that found it in a cell, cheapest first, until one of them finds it again. */
export async function judgeOverTls(killed: readonly Killed[], jobs: number): Promise<OverTls> {
  const queue = killed.filter((one) => one.killers.some((name) => name.startsWith('platform/')));
  const total = queue.length;
  const progress = openProgress('over TLS', total);
  const rows: TlsRow[] = [];
  const problems: MatrixProblem[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'muster-mutants-'));
  const authority = join(folder, 'authority');
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { mutant } = next;
      const state = join(folder, mutant.replace(/\W/g, '-'));
      // Keys take longer to make than a mutant to be judged.
      cpSync(authority, state, { recursive: true });
      const said = await judgeOne(next, state);
      if (said.by === undefined) problems.push({ mutant, what: said.why });
      else rows.push({ mutant, by: said.by });
      rmSync(state, { recursive: true, force: true });
      progress.update(rows.length + problems.length, mutant);
    }
  };
  try {
    await openStateDir(authority);
    await Promise.all(Array.from({ length: Math.max(1, jobs) }, work));
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { rows, problems };
}

type Said = { readonly by: string } | { readonly by?: undefined; readonly why: string };

async function judgeOne(killed: Killed, state: string): Promise<Said> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', 'stub', '--json', '--state', state, '--mutant', killed.mutant], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const { target: file } = await readyLine(child.stdout);
    const target = chooseTarget({ target: file });
    if (target.kind !== 'remote') throw new Error('the target file of a stub names a platform on sockets');
    const said: string[] = [];
    for (const id of cheapestFirst(killed)) {
      const definition = CASES.find((one) => one.id === id);
      if (!definition) continue;
      const runner = await remoteRunner(target, { seed: '1', delayTurns: 0 });
      try {
        const run = await runner.run(definition);
        if (run.kind !== 'ran') return { why: `was not judged over TLS: ${id} is ${run.kind}` };
        const { checks } = judgeCase(run.record, definition.checks, judgedClass);
        const by = checks.find(
          (check) => killed.killers.includes(`${id}#${check.id}`) && check.verdict === (killed.class === 'S' ? 'warn' : 'fail'),
        );
        if (by) return { by: `${id}#${by.id}` };
        said.push(`${id} said ${checks.find((check) => check.verdict !== 'pass')?.because ?? 'pass'}`);
      } finally {
        await runner.close();
      }
    }
    return { why: `is not found over TLS: ${said.join('; ')}` };
  } finally {
    child.kill('SIGTERM');
    await gone;
  }
}

/** The cases that found it in a cell, by what they take on sockets. */
function cheapestFirst({ killers }: Killed): string[] {
  const cost = (id: string): number => forecast([{ id, profiles: [] }], 0, 1).ms;
  return [...new Set(killers.map(caseOf))].sort((a, b) => cost(a) - cost(b));
}

async function readyLine(stdout: NodeJS.ReadableStream): Promise<Ready> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as Ready;
  throw new UserError('the stub of a mutant did not start', 'try again with fewer --jobs');
}
