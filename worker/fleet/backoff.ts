// When a unit that lost its connection tries again.
import type { Random } from '../../kernel/random.ts';

/** What a unit does when a connection fails or drops. Times are milliseconds, `attempts` the most in a row. */
export type Reconnect =
  | { readonly policy: 'none' }
  | { readonly policy: 'fixed'; readonly delayMs: number; readonly attempts: number }
  /** Full jitter: anything from nothing to base × 2^n, at most the cap. */
  | { readonly policy: 'exponential'; readonly baseMs: number; readonly capMs: number; readonly attempts: number };

/** Attempts in a row where a plan names none: without a limit a platform that turns everybody away would keep a run from ever ending. */
export const ATTEMPTS = 20;

/**
 * How long to wait before the next attempt, milliseconds; undefined where the policy has given up.
 * @param failed attempts that failed in a row, at least 1 (the loss of a connection counts as one)
 */
export function retryDelay(policy: Reconnect, failed: number, random: Random): number | undefined {
  if (policy.policy === 'none' || failed > policy.attempts) return undefined;
  if (policy.policy === 'fixed') return policy.delayMs;
  return random.float() * Math.min(policy.capMs, policy.baseMs * 2 ** (failed - 1));
}

/** Connects of one device inside the last `windowMs`, so that none exceeds what the target declares. */
export class ConnectWindow {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #times: number[] = [];

  constructor(most: number, windowMs: number) {
    this.#most = most;
    this.#windowMs = windowMs;
  }

  /** Milliseconds until one more connect is within the limit. */
  wait(now: number): number {
    const oldest = this.#times.length < this.#most ? undefined : this.#times[this.#times.length - this.#most];
    return oldest === undefined ? 0 : Math.max(0, oldest + this.#windowMs - now);
  }

  note(now: number): void {
    this.#times.push(now);
    if (this.#times.length > this.#most) this.#times.shift();
  }
}
