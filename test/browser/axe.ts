// What axe finds wrong with a page, in light and in dark. In the dark only what depends on colours is asked again: the rest is the same.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

export interface Barrier {
  readonly scheme: 'light' | 'dark';
  readonly id: string;
  readonly where: readonly string[];
}

/** The barriers axe knows of, each with the elements that are concerned. Leaves the page as it finds it, in light. */
export async function barriers(page: Page): Promise<Barrier[]> {
  const found: Barrier[] = [];
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
    const { violations } = await (scheme === 'dark' ? axe.withRules(OF_COLOURS) : axe.withTags(TAGS)).analyze();
    found.push(...violations.map(({ id, nodes }) => ({ scheme, id, where: nodes.map((node) => node.html) })));
  }
  return found;
}
