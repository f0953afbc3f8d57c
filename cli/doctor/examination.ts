// What the doctor looks at, one examination after the other. It can never say that a platform is wrong: only that it cannot be judged yet.

export type Health = 'ok' | 'warning' | 'problem' | 'unknown';

export interface Examination {
  /** `tls mqtts`: what was looked at. */
  readonly what: string;
  readonly health: Health;
  /** One sentence; no secret is in it. */
  readonly said: string;
  /** What to do, where there is something. */
  readonly remedy?: string;
}

export const ok = (what: string, said: string): Examination => ({ what, health: 'ok', said });
export const unknown = (what: string, said: string, remedy?: string): Examination => ({
  what,
  health: 'unknown',
  said,
  ...(remedy ? { remedy } : {}),
});
export const warning = (what: string, said: string, remedy: string): Examination => ({ what, health: 'warning', said, remedy });
export const problem = (what: string, said: string, remedy: string): Examination => ({ what, health: 'problem', said, remedy });
