// What units will publish, tried before the start: templates that are none, topics that MQTT does not know, messages beyond all measure.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { seededRandom } from '../../kernel/random.ts';
import { contentOf, type Content } from './fleet-publishing.ts';
import { plannedUnit, type FleetPlan } from './plan.ts';
import { publishingOf, type Cohort } from './plan-cohort.ts';
import type { Path, PlanSource } from './plan-source.ts';
import { TemplateError, type TemplateContext } from './template.ts';
import type { Choose, Value } from './template-calls.ts';

/** Longest text of an MQTT packet, bytes of UTF-8: two bytes hold its length. */
const TOPIC_BYTES_MAX = 65_535;
/** Four times the vendor's largest message: enough to be refused for. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** A moment of as many digits as any. */
const SOME_TIME_MS = 1_700_000_000_000;

/** Refuses templates that are none, and numbers that JSON has none of. */
export function requireContent({ complain }: PlanSource, cohorts: readonly Cohort[]): void {
  cohorts.forEach((cohort, i) => {
    const publishing = publishingOf(cohort);
    if (!publishing) return;
    const endless = notFinite(publishing.properties, ['cohorts', i, 'publish', 'properties']);
    if (endless)
      throw complain(
        endless.path,
        `${endless.value} is no number that JSON can say, and would be sent as null`,
        'write a finite one, or null',
      );
    const parts = [
      [['topic'], { topic: publishing.topic ?? '' }],
      [['payload'], { topic: '', payload: publishing.payload ?? '' }],
      ...Object.entries(publishing.properties ?? {}).map(
        ([key, value]) => [['properties', key], { properties: { [key]: value } }] as const,
      ),
    ] as const;
    for (const [path, part] of parts) {
      try {
        contentOf({ qos: 0, reply: false, ...part });
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        throw complain(['cohorts', i, 'publish', ...path], error.message, error.remedy);
      }
    }
  });
}

/** Where a value holds a number that is none, or without an end. */
function notFinite(value: unknown, path: Path): { readonly path: Path; readonly value: number } | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return { path, value };
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = notFinite(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found) return found;
  }
  return undefined;
}

const bytesOf = (text: Value): number => utf8ToBytes(String(text)).length;
const longest: Choose = (values) => values.reduce((most, one) => (bytesOf(one) > bytesOf(most) ? one : most));
const shortest: Choose = (values) => values.reduce((least, one) => (bytesOf(one) < bytesOf(least) ? one : least));
const leastATopic: Choose = (values) => values.find((one) => isNoTopic(String(one))) ?? longest(values);

/**
 * Fills in what the first and the last unit of each cohort publish, and refuses what could not be sent. Of a choice it takes the worst: one
 * that is drawn seldom would not be sent, in the middle of the run.
 */
export function requirePublishable(plan: FleetPlan, { complain }: PlanSource): void {
  let first = 0;
  for (const [i, cohort] of (plan.cohorts ?? []).entries()) {
    const publishing = publishingOf(cohort);
    const path: Path = ['cohorts', i, 'publish'];
    for (const index of new Set([first, first + cohort.devices - 1])) {
      if (!publishing) continue;
      requireSize(published(plan, index, contentOf(publishing), longest), index, path, complain);
      if (publishing.topic === undefined) continue;
      const where = contentOf({ ...publishing, payload: '' });
      for (const choose of [leastATopic, shortest]) requireTopic(published(plan, index, where, choose), index, path, complain);
    }
    first += cohort.devices;
  }
}

/** The first publish of a unit, but for the moment and for what is chosen. */
function published(plan: FleetPlan, index: number, content: (context: TemplateContext) => Content, choose: Choose): Content {
  const { number, identity, cohort } = plannedUnit(plan, index);
  const { deviceName, productKey } = identity;
  const { seed, namespace } = plan;
  const draws = seededRandom('payload', seed, namespace, index);
  const facts = { index, number, deviceName, productKey, cohort: cohort.name, namespace, n: 1, now: SOME_TIME_MS };
  return content({ state: [], random: () => draws, facts, choose });
}

function requireSize(filled: Content, index: number, path: Path, complain: PlanSource['complain']): void {
  const [part, text] = filled.kind === 'message' ? ['payload', filled.payload] : ['properties', JSON.stringify(filled.params)];
  const bytes = bytesOf(text);
  if (bytes > MESSAGE_BYTES_MAX)
    throw complain(
      [...path, part],
      `a message of unit ${index} would have ${bytes} bytes`,
      `shorten it: a fleet sends at most ${MESSAGE_BYTES_MAX} bytes`,
    );
}

/** Does a text hold what only a filter of topics, or no topic at all, may hold? */
export function isNoTopic(text: string): boolean {
  return /[+#\0]/.test(text);
}

export const NO_TOPIC = [
  'a message is published to one topic, which has no +, no # and no NUL',
  'name the topic: /a/{{deviceName}}/b',
] as const;

function requireTopic(filled: Content, index: number, path: Path, complain: PlanSource['complain']): void {
  const topic = filled.kind === 'message' ? filled.topic : '';
  if (isNoTopic(topic)) throw complain([...path, 'topic'], ...NO_TOPIC);
  const bytes = bytesOf(topic);
  if (bytes < 1 || bytes > TOPIC_BYTES_MAX)
    throw complain(
      [...path, 'topic'],
      `the topic of unit ${index} would have ${bytes} bytes`,
      `write one of 1 to ${TOPIC_BYTES_MAX} bytes of UTF-8`,
    );
}
