// `--metrics PORT`: a running fleet for a scraper, on loopback only. There is nothing secret in it and nothing to be changed through it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { EXIT, UserError, codeOf, messageOf } from '../kernel/errors.ts';
import type { FleetController } from '../worker/fleet/controller.ts';
import { openMetrics } from './metrics-text.ts';
import { VERSION } from './version.ts';

export interface MetricsServer {
  readonly url: string;
  /** What a scrape finds; until a fleet is given there is none (503). */
  show(controller: Pick<FleetController, 'view' | 'histograms'>): void;
  close(): Promise<void>;
}

const CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** @param port 0 takes a free one. A port that cannot be had is a UserError with exit 3. */
export async function serveMetrics(port: number): Promise<MetricsServer> {
  let shown: Pick<FleetController, 'view' | 'histograms'> | undefined;
  /** Scrapers that come at once share one answer: a look costs the workers some milliseconds. */
  let pending: Promise<string> | undefined;
  const text = (controller: Pick<FleetController, 'view' | 'histograms'>): Promise<string> => {
    pending ??= Promise.all([controller.view(), controller.histograms()])
      .then(([view, histograms]) => openMetrics({ version: VERSION, view, histograms }))
      .finally(() => (pending = undefined));
    return pending;
  };
  const server = createServer((request, response) => {
    const plain = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
    };
    if (request.url?.split('?')[0] !== '/metrics') return plain(404, 'the figures are at /metrics');
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET');
    if (!shown) return plain(503, 'the fleet has not started yet');
    text(shown).then(
      (body) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(request.method === 'HEAD' ? '' : body),
      (error: unknown) => plain(500, messageOf(error)),
    );
  });
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new UserError(
      `--metrics ${port}: the port cannot be had (${codeOf(error) ?? messageOf(error)})`,
      remedyOf(error),
      EXIT.unreachable,
    );
  }
  const address = server.address();
  const at = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${at}/metrics`,
    show: (controller) => (shown = controller),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function remedyOf(error: unknown): string {
  return codeOf(error) === 'EACCES' ? 'ports below 1024 are for the system; give a higher one' : 'give another port, or 0 for a free one';
}
