// A server on this machine alone.
import type { Server } from 'node:http';
import { codeOf, EXIT, UserError } from '../../kernel/errors.ts';
import { LOOPBACK } from '../../platform-stub/node/listen.node.ts';

/** Resolves when it listens. A port that cannot be had is a UserError, with exit code 3. */
export function listenOnLoopback(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (codeOf(error) !== 'EADDRINUSE' && codeOf(error) !== 'EACCES') return reject(error);
      const why = codeOf(error) === 'EACCES' ? 'may not be used by this user' : 'is in use';
      reject(new UserError(`port ${port} ${why}`, 'give another with --port, or --port 0 for a free one', EXIT.unreachable));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}
