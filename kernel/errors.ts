// What a user did wrong, said so that the user can mend it. Faults of our own are ordinary errors and keep their stack.

/** Exit codes of the command (design, section 7). */
export const EXIT = {
  asked: 0,
  notConformant: 1,
  undetermined: 2,
  unreachable: 3,
  ownError: 4,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A mistake in what the user gave us, or in what the user pointed us at: one clear line, never a stack trace. */
export class UserError extends Error {
  readonly exit: ExitCode;
  readonly remedy: string;

  /**
   * @param what   what was wrong and where, one sentence without a secret in it
   * @param remedy what to do about it
   * @param exit   the exit code; 64 (usage) unless told
   */
  constructor(what: string, remedy: string, exit: ExitCode = EXIT.usage) {
    super(what);
    this.name = 'UserError';
    this.remedy = remedy;
    this.exit = exit;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error such as ECONNREFUSED, where it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
