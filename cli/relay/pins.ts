// The addresses of a target's name, looked up once and kept for the run: a name that means another machine later (DNS rebinding) does not
// get a browser there.
import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';

export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

const lookupAll: Lookup = (host) => dns.lookup(host, { all: true });

export class Pins {
  readonly #known = new Map<string, Promise<readonly LookupAddress[]>>();
  readonly #lookup: Lookup;

  constructor(lookup: Lookup = lookupAll) {
    this.#lookup = lookup;
  }

  /** Rejects as the look-up does; the next dial then tries again. */
  addressesOf(host: string): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return Promise.resolve([{ address: host, family }]);
    const known = this.#known.get(host);
    if (known) return known;
    const asked = this.#lookup(host);
    this.#known.set(host, asked);
    asked.catch(() => this.#known.delete(host));
    return asked;
  }
}
