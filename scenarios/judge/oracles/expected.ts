// What each oracle asks for, in one sentence of each language: the `expected` beside the `because` of a report.
import type { Check } from '../judge.ts';
import type { Said } from '../verdict.ts';

/** What a check asks for. */
export function expected(check: Check): Said {
  return { en: check.oracle, 'zh-CN': check.oracle };
}

/** Every span that the arguments of a check name, in their order, each once. */
export function spansNamed(on: Check['on']): string[] {
  const names = new Set<string>();
  for (const [key, value] of Object.entries(on) as [string, unknown][]) {
    if (NOT_SPANS.has(key)) continue;
    for (const one of Array.isArray(value) ? value : [value]) if (typeof one === 'string') names.add(one);
  }
  return [...names];
}

/** Arguments that are texts, but name no span. */
const NOT_SPANS = new Set(['fact', 'is']);
