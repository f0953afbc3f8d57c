// The target file: where a platform is, which product may be used on it, what is declared of it. Parsed text in, checked facts out;
// reading files and environment is the caller's.
import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());
const url = (...schemes: string[]) =>
  v.pipe(
    text,
    v.check(
      (value) => URL.canParse(value) && schemes.some((scheme) => value.startsWith(`${scheme}://`)),
      `is not a ${schemes.join(' or ')} URL`,
    ),
  );

/** The shape of a target file; docs/schemas/target.schema.json is made of it. */
export const TARGET = v.strictObject({
  name: v.optional(text, 'target'),
  endpoints: v.pipe(
    v.strictObject({
      mqtt: v.exactOptional(url('mqtt')),
      mqtts: v.exactOptional(url('mqtts')),
      ws: v.exactOptional(url('ws')),
      wss: v.exactOptional(url('wss')),
      https: v.exactOptional(url('https')),
    }),
    v.check((endpoints) => Object.keys(endpoints).length > 0, 'needs at least one endpoint'),
  ),
  product: v.pipe(
    v.strictObject({ key: text, secretEnv: v.exactOptional(text), secretFile: v.exactOptional(text), instanceId: v.exactOptional(text) }),
    v.check((product) => !(product.secretEnv && product.secretFile), 'give secretEnv or secretFile, not both'),
  ),
  tls: v.optional(
    v.strictObject({ ca: v.exactOptional(text), serverName: v.exactOptional(text), insecure: v.exactOptional(v.boolean()) }),
    {},
  ),
  edition: v.optional(v.picklist(['doc2020', 'doc2021', 'doc2023']), 'doc2020'),
  profiles: v.exactOptional(v.pipe(v.array(v.picklist(['prereg', 'nwl', 'operator', 'https'])), v.nonEmpty())),
  inventory: v.exactOptional(text),
  administrator: v.exactOptional(
    v.variant('kind', [
      v.strictObject({ kind: v.literal('stub'), url: url('http', 'https'), tokenFile: text }),
      v.pipe(
        v.strictObject({
          kind: v.literal('alicloud'),
          region: v.exactOptional(v.pipe(text, v.regex(/^[a-z]{2,}(-[a-z0-9]+)+$/, 'is no region: write it as cn-shanghai'))),
          endpoint: v.exactOptional(v.pipe(text, v.regex(/^(https?:\/\/)?[^/\s]+$/, 'is no host, with a port where it has one'))),
          instanceId: v.exactOptional(text),
          createProducts: v.optional(v.boolean(), false),
          console: v.exactOptional(v.picklist(['human', 'nobody'])),
        }),
        v.check((one) => one.region !== undefined || one.endpoint !== undefined, 'needs a region, or an endpoint'),
      ),
      v.strictObject({ kind: v.literal('human'), minutes: v.optional(v.pipe(v.number(), v.minValue(0.01)), 10) }),
    ]),
  ),
  pace: v.optional(
    v.strictObject({
      perDevicePerMinute: v.optional(v.union([v.pipe(v.number(), v.minValue(1)), v.literal('none')]), 5),
      perSecond: v.exactOptional(v.pipe(v.number(), v.minValue(1))),
    }),
    {},
  ),
});

export type Target = v.InferOutput<typeof TARGET>;

export type ParsedTarget =
  { readonly ok: true; readonly target: Target } | { readonly ok: false; readonly place: string; readonly why: string };

/** Checks a target file that was read as YAML or JSON; the first fault is named with its place. */
export function parseTarget(document: unknown): ParsedTarget {
  const parsed = v.safeParse(TARGET, document);
  if (parsed.success) return { ok: true, target: parsed.output };
  const [issue] = parsed.issues;
  return { ok: false, place: v.getDotPath(issue) ?? 'the document', why: whyOf(issue) };
}

/** What is wrong, without the value: it may be a secret that was written in the wrong place. */
function whyOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'validation')
    return issue.type === 'check' || issue.type === 'regex' ? issue.message : 'has a value that is not allowed';
  if (issue.expected === 'never') return 'is not a key of a target file';
  if (issue.input === undefined) return 'is missing';
  return `is not what belongs here (${issue.expected?.includes('"') ? `one of ${issue.expected}` : (issue.expected ?? 'another kind of value')})`;
}
