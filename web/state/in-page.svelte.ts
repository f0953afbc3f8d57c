// The in-page platform: a worker that a fleet run brings along and takes away again, unless the console was opened. Then it stays, and
// later runs use it.
import { LOWER_HEX, seededRandom } from '../../kernel/random.ts';
import type { Product } from '../workers/provision.ts';
import { InPagePlatform } from './in-page-platform.ts';

/** The in-page platform's first product; its secret is invented and follows from the seed. */
export function inventedProduct(seed: string): Product {
  return { productKey: 'a1MusterPage', productSecret: seededRandom('page', seed).text(16, LOWER_HEX) };
}

class InPage {
  current: InPagePlatform | null = $state.raw(null);
  /** Opened in the console: it stays when a run ends, and the next run uses it. */
  kept = $state(false);
  failure: string | null = $state(null);

  /** From now on there is a platform, and it stays. */
  keep(seed: string): void {
    this.kept = true;
    if (!this.current) this.renew(seed);
  }

  /** An empty platform in the place of the one that there was. */
  renew(seed: string): void {
    this.current?.end();
    this.current = this.#open(seed);
    this.current.provide(inventedProduct(seed)).catch(() => undefined);
  }

  /** The platform of a fleet run: the one that the console keeps, else a new one. */
  forRun(seed: string, empty: boolean): InPagePlatform {
    if (this.kept && !empty && this.current) return this.current;
    this.current?.end();
    return (this.current = this.#open(seed));
  }

  /** A run no longer needs it. */
  release(platform: InPagePlatform): void {
    if (this.kept && this.current === platform) return;
    platform.end();
    if (this.current === platform) this.current = null;
  }

  #open(seed: string): InPagePlatform {
    this.failure = null;
    const opened = new InPagePlatform(seed);
    opened.onFailure((why) => {
      if (this.current !== opened) return;
      this.current = null;
      this.failure = why;
    });
    return opened;
  }
}

export const inPage = new InPage();
