// One command as a process with a temporary folder of its own, so that what it leaves behind can be seen. No test is in this file.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buildIfOlder } from '../../tools/build.mjs';
import { COMMAND } from '../command/command.ts';

// `npm test` has built already; alone this saves a wrong verdict about an old command.
await buildIfOlder(['cli']);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves when the pattern was printed; rejects when the process ends without. */
  printed(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string>;
}

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** A shell command around `"$@"`, for redirections and pipes. */
  readonly shell?: string;
  /** The program instead of the built one. */
  readonly program?: string;
}

const running = new Set<Running>();

/** A folder for the files of a test file, and the processes that were started from it. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'muster-cli-'));
  readonly #tmp = this.at('tmp');

  constructor() {
    mkdirSync(this.#tmp);
    mkdirSync(this.at('run'), { mode: 0o700 });
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Temporary files and run files that are there now. */
  leftBehind(): string[] {
    return [this.#tmp, this.at('run', 'muster')].flatMap((folder) => {
      try {
        return readdirSync(folder);
      } catch {
        return [];
      }
    });
  }

  start(args: readonly string[], { env = {}, cwd = this.folder, shell, program = COMMAND }: StartOptions = {}): Running {
    const command = [process.execPath, program, ...args];
    const [file = '', ...rest] = shell === undefined ? command : ['bash', '-c', shell, 'bash', ...command];
    const child = spawn(file, rest, {
      cwd,
      // A shell and what it started end together, see `close`.
      detached: shell !== undefined,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        TMPDIR: this.#tmp,
        XDG_RUNTIME_DIR: this.at('run'),
        XDG_STATE_HOME: this.at('state'),
        MUSTER_PRODUCT_KEY: undefined,
        MUSTER_PRODUCT_SECRET: undefined,
        ...env,
      },
    });
    const text = { stdout: '', stderr: '' };
    const looks = new Set<() => void>();
    const lookAll = (): void => looks.forEach((look) => look());
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] += chunk;
        lookAll();
      });
    }
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (code, signal) => {
        running.delete(one);
        resolve({ code, signal, ...text });
        lookAll();
      }),
    );
    const one: Running = {
      child,
      ended,
      printed: (stream, pattern) =>
        new Promise((resolve, reject) => {
          const look = (): void => {
            if (pattern.test(text[stream])) resolve(text[stream]);
            else if (!running.has(one)) reject(new Error(`ended without ${pattern}: ${text.stdout}${text.stderr}`));
          };
          looks.add(look);
          look();
        }),
    };
    running.add(one);
    return one;
  }

  run(args: readonly string[], options?: StartOptions): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** A stub in another process while `use` runs. */
  async withStub<T>(args: readonly string[], use: (ready: Ready, stub: Running) => Promise<T>): Promise<T> {
    const stub = this.start(['stub', '--json', ...args]);
    try {
      return await use(JSON.parse(await stub.printed('stdout', /\n/)) as Ready, stub);
    } finally {
      stub.child.kill('SIGTERM');
      await stub.ended;
    }
  }

  /** Ends what a failed test left running, and removes the folder. */
  async close(): Promise<void> {
    for (const one of running) {
      const { pid, spawnargs } = one.child;
      if (pid !== undefined) process.kill(spawnargs[0] === 'bash' ? -pid : pid, 'SIGKILL');
      await one.ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What `muster stub --json` says first. */
export interface Ready {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly wss: number;
  readonly https: number;
  readonly api: number;
  readonly ca: string;
  readonly target: string;
}

export const EXIT = { asked: 0, notConformant: 1, unreachable: 3, ownError: 4, usage: 64, interrupted: 130 } as const;
