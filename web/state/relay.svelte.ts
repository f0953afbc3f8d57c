// The relay beside the app, if `muster serve` brought one: whom devices of this page may reach over TLS and TCP. Its token stays in memory.
import type { DeclaredPace } from '../../worker/fleet/pace.ts';
import type { RelayedPage } from '../../worker/transport/mux-websocket.web.ts';

type RelayTarget = RelayedPage['target'] & { readonly name: string; readonly productKey: string; readonly pace?: DeclaredPace };

/** What `GET /session` tells of the relay. */
interface Session {
  readonly path: string;
  readonly token: string;
  /** Connections that it carries at a time; absent where it does not say. */
  readonly streams?: number;
  readonly targets: readonly RelayTarget[];
}

interface Answer {
  readonly relay?: Session | null;
  readonly stub?: { readonly wss: number } | null;
}

/** One end of a target: where devices of the page end up. */
export interface Destination {
  /** `target/mqtts`. */
  readonly id: string;
  readonly target: RelayTarget;
  readonly security: 'encrypted' | 'plain';
  readonly url: string;
}

const SESSION_PATH = '/session';
const SECURITY = { mqtts: 'encrypted', mqtt: 'plain' } as const;

class Relay {
  #session: Session | null = $state.raw(null);
  /** The destination that is chosen, by its id; the first where that is none. */
  chosen = $state('');
  /** Where the stub beside the app takes WSS, if there is one. */
  besidePort: number | undefined = $state();

  readonly destinations: readonly Destination[] = $derived(this.#session?.targets.flatMap(destinationsOf) ?? []);
  /** Those that devices can register at, one a target. */
  readonly encrypted: readonly Destination[] = $derived(this.destinations.filter(({ security }) => security === 'encrypted'));
  readonly destination = $derived(this.destinations.find(({ id }) => id === this.chosen) ?? this.destinations[0] ?? null);

  /** Devices that can be connected at a time; Infinity where the relay does not say. */
  readonly streams = $derived(this.#session?.streams ?? Infinity);

  /** Asks for the relay: another run of the server has another token. */
  async look(): Promise<void> {
    try {
      const response = await fetch(SESSION_PATH, { headers: { Accept: 'application/json' }, cache: 'no-store' });
      const isAnswer = response.ok && (response.headers.get('Content-Type') ?? '').includes('json');
      const session = isAnswer ? ((await response.json()) as Answer | null) : null;
      this.#session = session?.relay ?? null;
      this.besidePort = session?.stub?.wss;
    } catch {
      this.#session = null;
    }
    if (this.destination) this.chosen = this.destination.id;
  }

  /** What a worker needs to reach a target; null without a relay. */
  pageTo(target: RelayedPage['target']): RelayedPage | null {
    const session = this.#session;
    const { id, endpoints } = target;
    return session && { url: `ws://${location.host}${session.path}`, token: session.token, target: { id, endpoints } };
  }
}

export const relay = new Relay();

function destinationsOf(target: RelayTarget): Destination[] {
  return (['mqtts', 'mqtt'] as const).flatMap((key) => {
    const place = target.endpoints[key];
    if (!place) return [];
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    return [{ id: `${target.id}/${key}`, target, security: SECURITY[key], url: `${key}://${host}:${place.port}` }];
  });
}
