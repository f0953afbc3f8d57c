// The relay beside the app, if `muster serve` brought one: whom devices of this page may reach over TLS and TCP. Its token stays in memory.
import type { RelayedPage } from '../../worker/transport/mux-websocket.web.ts';

export type RelayTarget = RelayedPage['target'] & { readonly name: string; readonly productKey: string };

interface Session {
  readonly path: string;
  readonly token: string;
  readonly targets: readonly RelayTarget[];
}

const SESSION_PATH = '/session';

class Relay {
  #session: Session | null = $state.raw(null);
  /** The target that is chosen, by its id; the first where that is none. */
  chosen = $state('');

  readonly targets = $derived(this.#session?.targets ?? []);
  readonly target: RelayTarget | null = $derived(this.targets.find(({ id }) => id === this.chosen) ?? this.targets[0] ?? null);

  /** Asks for the relay: another run of the server has another token. */
  async look(): Promise<void> {
    try {
      const response = await fetch(SESSION_PATH, { headers: { Accept: 'application/json' }, cache: 'no-store' });
      const isAnswer = response.ok && (response.headers.get('Content-Type') ?? '').includes('json');
      const session = isAnswer ? ((await response.json()) as { readonly relay?: Session | null } | null) : null;
      this.#session = session?.relay ?? null;
    } catch {
      this.#session = null;
    }
  }

  /** What a worker needs to reach the chosen target; null without a relay. */
  page(): RelayedPage | null {
    const session = this.#session;
    const target = this.target;
    if (!session || !target) return null;
    const { id, endpoints } = $state.snapshot(target);
    return { url: `ws://${location.host}${session.path}`, token: session.token, target: { id, endpoints } };
  }
}

export const relay = new Relay();

/** How a target is named in the page: where its devices end up. */
export function urlOfRelayed({ endpoints: { mqtt, mqtts } }: RelayedPage['target']): string {
  const place = mqtts ?? mqtt;
  if (!place) return '';
  const host = place.host.includes(':') ? `[${place.host}]` : place.host;
  return `${mqtts ? 'mqtts' : 'mqtt'}://${host}:${place.port}`;
}
