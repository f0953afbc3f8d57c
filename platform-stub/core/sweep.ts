// What the platform does because time passed: registration connections end after 15 s, silent devices at the keep-alive scan.
import { KEEP_ALIVE_FACTOR } from '../../protocol/limits.ts';
import { closeSessions, type Core, type Effect } from './core.ts';
import type { Session } from './state.ts';

/** The registration reply went out on session `id`: its time is counted from now, or from the CONNACK (RULE-06). */
export function replied(core: Core, id: number, now: number): void {
  const session = core.state.sessions.get(id);
  const closeAfter = core.policy['RULE-06']();
  if (session?.role !== 'registration' || closeAfter === undefined) return;
  session.endsAt = (core.options.closeCountsFrom === 'reply' ? now : session.openedAt) + closeAfter;
  core.state.ending.add(session);
}

/** When the next registration connection is over, milliseconds. */
export function nextDue(core: Core): number | undefined {
  for (const session of core.state.ending) return session.endsAt;
  return undefined;
}

/** Ends the registration connections that are over at `now`. */
export function due(core: Core, now: number): Effect[] {
  const over: Session[] = [];
  for (const session of core.state.ending) {
    if ((session.endsAt ?? Infinity) > now) break;
    over.push(session);
  }
  return closeSessions(core, over, 'registration-over', now);
}

/** Ends devices that were silent for 1.5 × their keep-alive; the platform looks every 30 s (section 4e). */
export function scan(core: Core, now: number): Effect[] {
  const silent: Session[] = [];
  for (const session of core.state.sessions.values()) {
    if (session.role === 'device' && now - session.lastPacketAt > session.keepAlive * 1000 * KEEP_ALIVE_FACTOR) silent.push(session);
  }
  return closeSessions(core, silent, 'keep-alive', now);
}
