// What units will publish, tried before the start: templates that are none, topics that MQTT does not know, messages beyond all measure.
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { seededRandom } from '../../kernel/random.ts';
import { contentOf, type Content } from './fleet-publishing.ts';
import { plannedUnit, type FleetPlan } from './plan.ts';
import { publishingOf, type Cohort } from './plan-cohort.ts';
import type { Path, PlanSource } from './plan-source.ts';
import { TemplateError, type TemplateContext } from './template.ts';

/** Longest text of an MQTT packet, bytes of UTF-8: two bytes hold its length. */
const TOPIC_BYTES_MAX = 65_535;
/** Four times the vendor's largest message: enough to be refused for. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** So many topics of a unit are tried: a draw may say something else the next time. */
const TRIES = 8;
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

/** Fills in what the first and the last unit of each cohort publish, and refuses what could not be sent. */
export function requirePublishable(plan: FleetPlan, { complain }: PlanSource): void {
  let first = 0;
  for (const [i, cohort] of (plan.cohorts ?? []).entries()) {
    const publishing = publishingOf(cohort);
    const path: Path = ['cohorts', i, 'publish'];
    for (const index of new Set([first, first + cohort.devices - 1])) {
      if (!publishing) continue;
      for (const one of publishes(plan, index, contentOf(publishing), 1)) requireSize(one, index, path, complain);
      if (publishing.topic === undefined) continue;
      for (const one of publishes(plan, index, contentOf({ ...publishing, payload: '' }), TRIES)) requireTopic(one, index, path, complain);
    }
    first += cohort.devices;
  }
}

/** The first publishes of a unit, but for the moment. */
function publishes(plan: FleetPlan, index: number, content: (context: TemplateContext) => Content, count: number): Content[] {
  const { number, identity, cohort } = plannedUnit(plan, index);
  const { deviceName, productKey } = identity;
  const { seed, namespace } = plan;
  const draws = seededRandom('payload', seed, namespace, index);
  const [state, random] = [[], () => draws];
  const facts = { index, number, deviceName, productKey, cohort: cohort.name, namespace, now: SOME_TIME_MS };
  return Array.from({ length: count }, (_, i) => content({ state, random, facts: { ...facts, n: i + 1 } }));
}

function requireSize(filled: Content, index: number, path: Path, complain: PlanSource['complain']): void {
  const [part, text] = filled.kind === 'message' ? ['payload', filled.payload] : ['properties', JSON.stringify(filled.params)];
  const bytes = utf8ToBytes(text).length;
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
  const bytes = utf8ToBytes(topic).length;
  if (bytes < 1 || bytes > TOPIC_BYTES_MAX)
    throw complain(
      [...path, 'topic'],
      `the topic of unit ${index} would have ${bytes} bytes`,
      `write one of 1 to ${TOPIC_BYTES_MAX} bytes of UTF-8`,
    );
}
