// The target file: where a platform is, which product may be used on it, what is declared of it. Parsed text in, checked facts out;
// reading files and environment is the caller's.
import * as v from 'valibot';
import { allowedBy, faultIn, LIST_FOR_MAPPING, listForMapping, placeIn, type SchemaFault } from './schema-fault.ts';
import { nearest } from './words.ts';
import type { Path } from './yaml.ts';

/** Every check of a value has words of its own: valibot's repeat the value. */
const text = v.pipe(v.string(), v.nonEmpty('is empty'));
const url = (...schemes: string[]) =>
  v.pipe(
    text,
    v.check(
      (value) => URL.canParse(value) && schemes.some((scheme) => value.startsWith(`${scheme}://`)),
      `is not a ${schemes.join(' or ')} URL`,
    ),
  );

/** Who writes 0 may mean either. */
const NO_PACE = 'is less than 1: it is the attempts of one device in a minute; a platform that limits none says `none`';

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
  profiles: v.exactOptional(v.pipe(v.array(v.picklist(['prereg', 'nwl', 'operator', 'https'])), v.nonEmpty('names none'))),
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
      v.strictObject({ kind: v.literal('human'), minutes: v.optional(v.pipe(v.number(), v.minValue(0.01, 'is less than 0.01')), 10) }),
    ]),
  ),
  pace: v.optional(
    v.strictObject({
      perDevicePerMinute: v.optional(v.union([v.pipe(v.number(), v.minValue(1, NO_PACE)), v.literal('none')]), 5),
      perSecond: v.exactOptional(
        v.pipe(v.number(), v.minValue(1, 'is less than 1: it is the connects of all devices in a second; left out, 500')),
      ),
    }),
    {},
  ),
});

export type Target = v.InferOutput<typeof TARGET>;

/** What is wrong with a target file: where, and what to do about it. */
export interface TargetFault {
  readonly ok: false;
  readonly path: Path;
  /** It is about the key at the path, not about its value. */
  readonly ofKey: boolean;
  /** The path in words. */
  readonly place: string;
  readonly why: string;
  readonly remedy: string;
}

export type ParsedTarget = { readonly ok: true; readonly target: Target } | TargetFault;

/** What a user reads about target files. */
export const SEE_TARGETS = 'docs/targets.md says what belongs there';

const THE_DOCUMENT = 'the document';

/** Checks a target file that was read as YAML or JSON; the first fault is named with its place, a mistyped key before one that is missing. */
export function parseTarget(document: unknown): ParsedTarget {
  const list = listForMapping(TARGET, document);
  if (list) return { ok: false, path: list, ofKey: false, place: placeIn(TARGET, list) || THE_DOCUMENT, ...LIST_FOR_MAPPING };
  const parsed = v.safeParse(TARGET, document);
  if (parsed.success) return { ok: true, target: parsed.output };
  const fault = faultIn(TARGET, parsed.issues);
  const { issue, path, place, unknownKey } = fault;
  return {
    ok: false,
    path,
    ofKey: unknownKey !== undefined,
    place: place || THE_DOCUMENT,
    why: unknownKey ? 'is not a key of a target file' : whyOf(issue),
    remedy: remedyOf(fault),
  };
}

/** What is wrong, without the value: it may be a secret that was written in the wrong place. */
function whyOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === 'validation') return issue.message;
  if (issue.input === undefined) return 'is missing';
  const expected = (issue.expected ?? 'another kind of value').replace(/[()]/g, '').replaceAll(' |', ',');
  if (expected === 'Object') return 'is not what belongs here (`key: value` lines)';
  if (expected === 'Array') return 'is not what belongs here (a list)';
  return `is not what belongs here (${/[",]/.test(expected) ? `one of ${expected}` : expected})`;
}

function remedyOf({ issue, path, unknownKey }: SchemaFault): string {
  if (unknownKey) {
    const { meant, known } = unknownKey;
    // The nearest key is secretEnv, and whoever follows that has the secret in the next complaint.
    if (known.includes('secretEnv') && /^(product)?_?secret$/i.test(String(path.at(-1))))
      return 'no secret belongs here: name a variable (secretEnv) or a file (secretFile)';
    return meant === undefined ? `known here are ${known.join(', ')}; ${SEE_TARGETS}` : `did you mean ${meant}?`;
  }
  const meant = issue.kind === 'schema' && typeof issue.input === 'string' ? nearest(issue.input, allowedBy(issue)) : undefined;
  return meant === undefined ? `mend the file: ${SEE_TARGETS}` : `did you mean ${meant}?`;
}
