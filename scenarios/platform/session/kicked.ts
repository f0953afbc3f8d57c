// Watching a session that another connection is expected to push out: until it ends, and not for ever.
import type { Outcome } from '../../../kernel/trace/outcome.ts';
import type { CaseUnit, Drive } from '../../engine/case.ts';

/** How long a kick may take once the newer connection was let in, milliseconds. */
const KICK_MS = 5_000;

/**
 * Keeps in `span` what `older` goes through while `newer` is carried out: until the session ends, or until KICK_MS after the newer one was
 * let through. A newer one that was not let through pushes nobody out, so nothing is waited for.
 */
export async function whileReplaced(t: Drive, older: CaseUnit, span: string, newer: () => Promise<Outcome>): Promise<void> {
  let giveUp = (): void => undefined;
  const watched = older.watchEnd(span, new Promise<void>((resolve) => (giveUp = resolve)));
  const { kind } = await newer();
  await Promise.race([watched, t.wait(kind === 'accepted' || kind === 'issued' ? KICK_MS : 0)]);
  giveUp();
  await watched;
}
