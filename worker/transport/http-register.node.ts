// The registration host over TLS sockets of Node. The connection is dialled as any other encrypted one, so that certificate, name and
// time-outs mean the same; HTTP is Node's own.
import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { toDuplex } from '../../kernel/bytes/duplex.ts';
import { concat } from '../../kernel/bytes/concat.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { REGISTER_PATH } from '../../protocol/http-register.ts';
import type { HttpAnswered, HttpsRegistrar } from './http-register.ts';
import { tcpTransport, type TcpTransportOptions } from './tcp.node.ts';

const HTTPS_PORT = 443;
const HTTP_PORT = 80;
/** More than any answer has; a host that sends more is not the one we are looking for. */
const ANSWER_MAX = 64 * 1024;

export interface HttpsRegistrarOptions extends Omit<TcpTransportOptions, 'endpoints' | 'timeouts'> {
  /** `https://host:port/auth/register/device`; the path may be left out. */
  readonly url: string;
  /** Where the same is served without TLS, `http://host:port`; the same host on port 80 unless told. */
  readonly plain?: string;
  /** `reply`: how long the answer may take after the request, milliseconds. */
  readonly timeouts: TcpTransportOptions['timeouts'] & { readonly reply: number };
}

/** A registrar for one target. A URL that is none is a UserError here and now. */
export function httpsRegistrar({ url: text, plain, ...options }: HttpsRegistrarOptions): HttpsRegistrar {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw new UserError(`endpoint https is no https:// URL: ${text}`, 'write it as https://HOST:PORT');
  const { hostname } = url;
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  const path = url.pathname === '/' ? REGISTER_PATH : url.pathname;
  const inClear = new URL(plain ?? `http://${hostname}`);
  const endpoints = {
    mqtts: `mqtts://${hostname}:${port}`,
    mqtt: `mqtt://${inClear.hostname}:${inClear.port === '' ? HTTP_PORT : inClear.port}`,
  };
  const transport = tcpTransport({ ...options, endpoints });
  const { clock, timeouts } = options;
  return {
    async post({ body, contentType, security }, observe) {
      const dialled = await transport.dial(security ?? 'encrypted');
      if (!dialled.ok) return dialled;
      const sentAt = clock.now();
      const duplex = toDuplex(observe(dialled.stream)) as unknown as Duplex;
      return new Promise<HttpAnswered>((resolve) => {
        const settle = (answered: HttpAnswered): void => {
          timer.cancel();
          resolve(answered);
          duplex.destroy();
        };
        const failed = (outcome: Outcome): void => settle({ ok: false, outcome });
        const closed = (): void => failed({ kind: 'closed', stage: 'reply', afterMs: clock.now() - sentAt });
        const timer = clock.after(timeouts.reply, () => failed({ kind: 'silent', stage: 'reply', waitedMs: timeouts.reply }));
        const request = httpRequest(
          {
            method: 'POST',
            path,
            createConnection: () => duplex,
            // The spelling and the Host without a port that the C SDKs send.
            headers: {
              Host: hostname,
              Accept: 'text/xml,text/javascript,text/html,application/json',
              ...(contentType === null ? {} : { 'Content-Type': contentType }),
              'Content-Length': Buffer.byteLength(body),
              Connection: 'close',
            },
          },
          (response) => {
            const pieces: Uint8Array[] = [];
            let size = 0;
            response.on('data', (piece: Buffer) => {
              size += piece.length;
              if (size > ANSWER_MAX) failed({ kind: 'malformed', what: 'http', why: `an answer of more than ${ANSWER_MAX} bytes` });
              else pieces.push(piece);
            });
            response.on('end', () => settle({ ok: true, status: response.statusCode ?? 0, body: concat(pieces) }));
            response.on('error', closed);
          },
        );
        request.on('error', (error: NodeJS.ErrnoException) =>
          error.code?.startsWith('HPE_') ? failed({ kind: 'malformed', what: 'http', why: error.message }) : closed(),
        );
        request.end(body);
      });
    },
  };
}
