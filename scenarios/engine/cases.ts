// Every case, collected from the files of both directions; no list is kept by hand.
import type { CaseDefinition } from './case.ts';

const found = import.meta.glob<CaseDefinition>('../{platform,firmware}/**/*.case.ts', { eager: true, import: 'default' });

export const CASES: readonly CaseDefinition[] = Object.values(found).sort((a, b) => (a.id < b.id ? -1 : 1));

/** The cases whose id matches a glob: `*` within one part, `**` over parts. */
export function casesMatching(glob: string): CaseDefinition[] {
  const pattern = glob
    .split(/(\*\*|\*|\?)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part === '?' ? '[^/]' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  const expression = new RegExp(`^${pattern}$`);
  return CASES.filter((one) => expression.test(one.id));
}
