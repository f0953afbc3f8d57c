// Which cases are shown in the list, and which of them are picked to run.
import { SvelteSet } from 'svelte/reactivity';
import type { CaseDefinition } from '../../scenarios/engine/case.ts';
import { CASES } from '../../scenarios/engine/cases.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { suiteForm } from './suite-form.svelte.ts';
import { suite, type CaseStatus } from './suite.svelte.ts';

/** `attention`: everything that is not what one hopes for. */
export type VerdictFilter = CaseStatus | 'all' | 'attention';

export interface Group {
  /** `platform/nwl`. */
  readonly id: string;
  readonly cases: readonly CaseDefinition[];
}

const FINE: ReadonlySet<CaseStatus> = new Set(['pass', 'not_applicable', 'idle', 'waiting', 'running']);

function matches(definition: CaseDefinition, words: readonly string[]): boolean {
  const { id, title, checks } = definition;
  const text = [id, title.en, title['zh-CN'], ...checks.map((check) => check.rule)].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

class Picked {
  readonly ids = new SvelteSet<string>();
  text = $state('');
  verdict: VerdictFilter = $state('all');
  profile: Profile | 'all' = $state('all');

  /** What the chosen target can be asked at all. */
  readonly offered: readonly CaseDefinition[] = $derived(
    suiteForm.kind === 'page' ? CASES : CASES.filter((one) => one.direction === 'platform'),
  );
  readonly shown: readonly CaseDefinition[] = $derived.by(() => {
    const words = this.text.toLowerCase().split(/\s+/).filter(Boolean);
    return this.offered.filter((one) => {
      const status = suite.statuses[one.id] ?? 'idle';
      if (this.verdict === 'attention' ? FINE.has(status) : this.verdict !== 'all' && this.verdict !== status) return false;
      if (this.profile !== 'all' && !one.profiles.includes(this.profile)) return false;
      return matches(one, words);
    });
  });
  readonly groups: readonly Group[] = $derived.by(() => {
    // Cases stand in the order of their ids, those of a group side by side.
    const groups: { id: string; cases: CaseDefinition[] }[] = [];
    for (const one of this.shown) {
      const id = one.id.split('/').slice(0, 2).join('/');
      if (groups.at(-1)?.id === id) groups.at(-1)?.cases.push(one);
      else groups.push({ id, cases: [one] });
    }
    return groups;
  });
  /** Picked and offered, whether the filter shows them or not. */
  readonly cases: readonly CaseDefinition[] = $derived(this.offered.filter(({ id }) => this.ids.has(id)));
  readonly filtered = $derived(this.text.trim() !== '' || this.verdict !== 'all' || this.profile !== 'all');

  pick(cases: readonly CaseDefinition[], on: boolean): void {
    for (const { id } of cases)
      if (on) this.ids.add(id);
      else this.ids.delete(id);
  }

  showAll(): void {
    this.text = '';
    this.verdict = 'all';
    this.profile = 'all';
  }
}

export const picked = new Picked();
