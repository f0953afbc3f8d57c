// Who may use a relay: a program or a page of this user, with the run's token, that means this very server. The token travels in the
// list of sub-protocols, the one header that a page can set, so that it is in no URL and no log.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { UserError } from '../../kernel/errors.ts';
import { refuseForeign } from '../../platform-stub/front/operator.ts';
import { isForeignUser } from '../../platform-stub/node/peer-user.node.ts';

export const RELAY_PATH = '/relay/';
/** Sub-protocol that carries the token; the rest of it is the token. */
const TOKEN_PREFIX = 'token.';
const SUB_PROTOCOL = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export interface RelayAccess {
  readonly token: string;
  /** The port it listens on, which Host has to name. */
  readonly port: number;
  /** Origins of pages beside its own, as `http://host:port`. */
  readonly origins?: readonly string[];
}

/** Status and sentence of a refusal. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404;
  readonly why: string;
}

/**
 * The origin that a user wrote, as a browser sends it. What has more than `scheme://host[:port]` is refused: it would look as if one page of
 * a server were let in, and all of them would be. A value that may carry a secret is not repeated.
 */
export function originOf(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UserError(
      `--origin ${/[@?#]/.test(written) ? '(its value is not repeated)' : `"${written}"`} is no origin`,
      'write it as http://HOST:PORT',
    );
  if (!/^https?:\/\/[^/?#@\\]+\/?$/i.test(written)) {
    const more = url.username !== '' || url.password !== '' ? 'a name or a password' : /[?#]/.test(written) ? 'a query' : 'a path';
    throw new UserError(`--origin for ${url.origin} has ${more}, and an origin ends after host and port`, `write ${url.origin}`);
  }
  return url.origin;
}

/** The sub-protocols that a client offers. */
export function offeredBy(request: IncomingMessage): string[] {
  return (request.headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim());
}

/** The one that the relay answers with: a browser fails a connection without, and the token must not come back. */
export function answerTo(offered: Iterable<string>): string | false {
  return [...offered].find((one) => !one.startsWith(TOKEN_PREFIX)) ?? false;
}

/** Why a request to upgrade is refused; undefined for one that is not. */
export function refuseClient(request: IncomingMessage, access: RelayAccess): Refusal | undefined {
  if (request.url !== RELAY_PATH) return { status: 404, why: `Nothing here; the relay is at ${RELAY_PATH}.` };
  const { host, origin } = request.headers;
  const isListed = origin !== undefined && (access.origins ?? []).includes(origin.toLowerCase());
  if (refuseForeign({ host, origin: isListed ? undefined : origin }, access))
    return { status: 403, why: 'The Host header must name this machine and this port, and a page must be of this server.' };
  if (isForeignUser(request.socket)) return { status: 403, why: 'This relay serves the user that started it.' };
  const offered = offeredBy(request);
  const token = offered.find((one) => one.startsWith(TOKEN_PREFIX))?.slice(TOKEN_PREFIX.length);
  if (token === undefined || !sameText(token, access.token))
    return { status: 401, why: `A sub-protocol "${TOKEN_PREFIX}TOKEN" must carry the token of this run.` };
  const answer = answerTo(offered);
  if (answer === false || !SUB_PROTOCOL.test(answer))
    return { status: 400, why: 'A client of Wisp 2 offers a sub-protocol beside the token, such as "wisp-v2".' };
  return undefined;
}

/** Compares in a time that tells nothing of either. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
