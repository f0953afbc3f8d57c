// Every case, collected from the files of both directions; no list is kept by hand.
import type { CaseDefinition } from './case.ts';

const found = import.meta.glob<CaseDefinition>('../{platform,firmware}/**/*.case.ts', { eager: true, import: 'default' });

export const CASES: readonly CaseDefinition[] = Object.values(found).sort((a, b) => (a.id < b.id ? -1 : 1));

/** Does an id match a glob: `*` within one part, `**` over parts? */
export function idMatcher(glob: string): (id: string) => boolean {
  const pattern = glob
    .split(/(\*\*|\*|\?)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part === '?' ? '[^/]' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  const expression = new RegExp(`^${pattern}$`);
  return (id) => expression.test(id);
}

/** The cases whose id matches a glob. */
export function casesMatching(glob: string): CaseDefinition[] {
  const matches = idMatcher(glob);
  return CASES.filter((one) => matches(one.id));
}
