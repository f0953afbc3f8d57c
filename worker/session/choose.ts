// The sessions by name, for options and messages: a function does not pass through comlink.
import type { SessionName } from '../../kernel/trace/event.ts';
import { openLeanSession } from './lean.ts';
import { openReferenceSession } from './reference.ts';
import type { OpenSession } from './session.ts';

/** What `--session` may say; the first is the default. */
export const SESSIONS: readonly SessionName[] = ['reference', 'lean'];

const OPENERS: Readonly<Record<SessionName, OpenSession>> = { reference: openReferenceSession, lean: openLeanSession };

/** The session of a name that was checked before; `reference` where none is given. */
export function sessionNamed(name: SessionName = 'reference'): OpenSession {
  return OPENERS[name];
}
