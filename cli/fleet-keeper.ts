// Keeps what units are issued in the `--flash` file, while a fleet runs and at its end: a command that is killed, or a worker that dies,
// takes no more with it than the last seconds of it.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../kernel/errors.ts';
import type { FleetController } from '../worker/fleet/controller.ts';
import type { Credentials } from '../worker/unit/flash.ts';
import { writeFlash } from './flash.ts';
import type { FleetToRun } from './fleet-plan.ts';

/** Between two looks at what is new, milliseconds. */
const KEEP_MS = 5_000;

export class FlashKeeper {
  readonly #path: string;
  readonly #run: FleetToRun;
  readonly #controller: FleetController;
  readonly #timer: ReturnType<typeof setInterval>;
  #devices: Readonly<Record<string, Credentials>>;
  #issued = 0;
  #busy = false;

  constructor(path: string, run: FleetToRun, controller: FleetController) {
    this.#path = path;
    this.#run = run;
    this.#controller = controller;
    this.#devices = run.flash?.devices ?? {};
    this.#timer = setInterval(() => void this.#look(), KEEP_MS);
  }

  /** No more looks; what was kept stays. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Writes what units hold at the end. Where that cannot be, the secrets go where this user surely may write.
   * @throws UserError that says where they are
   */
  async finish(): Promise<void> {
    this.stop();
    await this.#collect();
    const count = Object.keys(this.#devices).length;
    try {
      this.#write(this.#path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const instead = join(tmpdir(), `muster-flash-${this.#run.plan.namespace}-${process.pid}.json`);
      this.#write(instead);
      throw new UserError(`${error.message}; the secrets of ${count} devices are in ${instead} instead`, 'move it, and give its new path');
    }
    process.stderr.write(`muster: ${this.#path} holds the secrets of ${count} devices; only you can read it\n`);
  }

  /** Writes where anything was issued since the last look. What fails is tried again: the end tells. */
  async #look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const { outcomes } = await this.#controller.view();
      const issued = Object.entries(outcomes).reduce((sum, [key, count]) => (key.startsWith('issued') ? sum + count : sum), 0);
      if (issued === this.#issued) return;
      await this.#collect();
      this.#write(this.#path);
      this.#issued = issued;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** What a worker told before it died stays. */
  async #collect(): Promise<void> {
    this.#devices = { ...this.#devices, ...(await this.#controller.credentials()) };
  }

  #write(path: string): void {
    const { productKey, seed, namespace } = this.#run.plan;
    writeFlash(path, { productKey, seed, namespace, devices: this.#devices });
  }
}
