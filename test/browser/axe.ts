// What axe finds wrong with a page. In the dark only what depends on colours is asked again: the rest of the page is the same.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** The barriers axe knows of, each with the elements that are concerned. */
export async function barriers(page: Page, colorScheme: 'light' | 'dark'): Promise<{ id: string; where: string[] }[]> {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] });
  const { violations } = await (colorScheme === 'dark' ? axe.withRules(OF_COLOURS) : axe.withTags(TAGS)).analyze();
  return violations.map(({ id, nodes }) => ({ id, where: nodes.map((node) => node.html) }));
}
