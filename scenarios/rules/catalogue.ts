/**
 * The rule catalogue: what a platform and a device must do, as data. The sentences stand in `platform/*.yaml` and `firmware/*.yaml`; here
 * they are read, checked and handed out. How a rule is provoked (a case) and how it is judged (an oracle) is said elsewhere.
 */
import * as v from 'valibot';
import { isEditionName, type EditionName } from '../../protocol/editions.ts';

/** Judged MUST, judged SHOULD (`warn` at most), reading (never fails), attested (seen in a console only), not observable. */
export type RuleClass = 'M' | 'S' | 'R' | 'A' | 'X';

/**
 * What a target claims to offer. A rule belongs to a target that claims one of the modes it lists (`prereg`, `nwl`); a rule that lists
 * `operator` needs that claim besides. `https` says that HTTPS registration shows the rule too, where it is claimed.
 */
export type Profile = 'prereg' | 'nwl' | 'operator' | 'https';

/** Whom a rule binds. */
export type Actor = 'platform' | 'device';

/** A sentence in each language of the reports. */
export interface Words {
  readonly en: string;
  readonly 'zh-CN': string;
}

/** A part of a rule that is of another class than the rule. */
export interface RulePart {
  readonly class: RuleClass;
  readonly what: Words;
}

export interface Rule {
  /** `RULE-nn` for a platform, `DEV-nn` for a device. It keeps its meaning for ever: `ids.lock`. */
  readonly id: string;
  readonly actor: Actor;
  /** The strictest class of its parts; `parts` lists the others. */
  readonly class: RuleClass;
  readonly profiles: readonly Profile[];
  /** Source keys, as in `S0, K1`; `own` where no document says it. */
  readonly source: string;
  readonly editions: 'all' | readonly EditionName[];
  readonly title: Words;
  readonly text: Words;
  readonly parts?: readonly RulePart[];
  /** Why it cannot be observed; class X only. */
  readonly reason?: Words;
}

/** Longer titles (in English) do not fit a table of verdicts. */
const TITLE_LENGTH = 60;

const Sentence = v.pipe(v.string(), v.trim(), v.nonEmpty());
const WordsRecord = v.strictObject({ en: Sentence, 'zh-CN': Sentence });
const ClassName = v.picklist(['M', 'S', 'R', 'A', 'X']);

const RuleRecord = v.pipe(
  v.strictObject({
    id: v.string(),
    class: ClassName,
    profiles: v.pipe(v.array(v.picklist(['prereg', 'nwl', 'operator', 'https'])), v.nonEmpty()),
    source: v.pipe(v.string(), v.regex(/^(own|[SK]\d+(, [SK]\d+)*)$/)),
    editions: v.union([
      v.literal('all'),
      v.pipe(v.array(v.custom<EditionName>((name) => typeof name === 'string' && isEditionName(name))), v.nonEmpty()),
    ]),
    title: v.strictObject({ en: v.pipe(Sentence, v.maxLength(TITLE_LENGTH)), 'zh-CN': Sentence }),
    text: WordsRecord,
    parts: v.exactOptional(v.pipe(v.array(v.strictObject({ class: ClassName, what: WordsRecord })), v.nonEmpty())),
    reason: v.exactOptional(WordsRecord),
  }),
  v.check((rule) => (rule.class === 'X') === (rule.reason !== undefined), 'a reason is given for class X, and for no other'),
);

/** Which ids a folder may hold, and whom its rules bind. */
const FOLDERS: Readonly<Record<string, { readonly actor: Actor; readonly ids: RegExp }>> = {
  platform: { actor: 'platform', ids: /^RULE-\d\d$/ },
  firmware: { actor: 'device', ids: /^DEV-\d\d$/ },
};

/** The rules of one file. @throws Error that names the file and what is wrong with it */
function rulesOf(path: string, list: unknown): Rule[] {
  const folder = FOLDERS[path.split('/').at(-2) ?? ''];
  if (folder === undefined) throw new Error(`${path}: not a folder of rules`);
  const { actor, ids } = folder;
  const records = v.safeParse(v.array(RuleRecord), list);
  if (!records.success) {
    const [issue] = records.issues;
    throw new Error(`${path}: ${v.getDotPath(issue) ?? 'the list'}: ${issue.message}`);
  }
  return records.output.map((record) => {
    if (!ids.test(record.id)) throw new Error(`${path}: ${record.id} does not belong here`);
    return { ...record, actor };
  });
}

const FILES = import.meta.glob<unknown>('./{platform,firmware}/*.yaml', { import: 'default', eager: true });

/** Every rule, in the order of the ids. */
export const RULES: readonly Rule[] = Object.entries(FILES)
  .flatMap(([path, list]) => rulesOf(path, list))
  .sort((a, b) => (a.id < b.id ? -1 : 1));

const BY_ID: ReadonlyMap<string, Rule> = new Map(RULES.map((rule) => [rule.id, rule]));

/** The rule of this id, if there is one. */
export function ruleOf(id: string): Rule | undefined {
  return BY_ID.get(id);
}
