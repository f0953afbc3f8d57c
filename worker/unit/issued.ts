// What a reply to a registration holds for the unit that asked.
import type { Outcome } from '../../kernel/trace/outcome.ts';
import type { RegistrationReply } from '../../protocol/payload.ts';
import type { UnitIdentity } from './env.ts';
import type { Credentials } from './flash.ts';

type Malformed = Extract<Outcome, { kind: 'malformed' }>;

/** The credentials in a reply; `malformed` when they are of another name, which is not ours to keep (DEV-18), or of the other mode. */
export function issuedTo(identity: UnitIdentity, reply: RegistrationReply): Credentials | Malformed {
  if (reply.productKey !== identity.productKey || reply.deviceName !== identity.deviceName) {
    return { kind: 'malformed', what: 'reply', why: `credentials of ${reply.deviceName}&${reply.productKey}` };
  }
  if (reply.kind !== identity.mode) return { kind: 'malformed', what: 'reply', why: `a ${reply.kind} reply to a ${identity.mode} request` };
  return reply.kind === 'register'
    ? { kind: 'secret', deviceSecret: reply.deviceSecret }
    : { kind: 'token', clientId: reply.clientId, deviceToken: reply.deviceToken };
}
