// What a cohort publishes, ready to be filled in for each of its units.
import type { Publishing } from './plan-cohort.ts';
import { TemplateCompiler, type TemplateContext } from './template.ts';

/** One publish: properties of the thing model, or a message of any kind. */
export type Content =
  | { readonly kind: 'properties'; readonly params: Readonly<Record<string, unknown>> }
  | { readonly kind: 'message'; readonly topic: string; readonly payload: string };

/** So many values the property of a unit takes that nobody has told what to post. */
const VALUES = 40;

/** Compiles the templates of a cohort. A TemplateError says which is none. */
export function contentOf({ properties, topic, payload }: Publishing): (context: TemplateContext) => Content {
  const compiler = new TemplateCompiler('payload');
  if (topic !== undefined) {
    const [where, what] = [compiler.text(topic), compiler.text(payload ?? '')];
    return (context) => ({ kind: 'message', topic: where(context), payload: what(context) });
  }
  if (properties === undefined) return ({ facts }) => ({ kind: 'properties', params: { temperature: facts.index % VALUES } });
  const params = compiler.value(properties);
  return (context) => ({ kind: 'properties', params: params(context) as Record<string, unknown> });
}
