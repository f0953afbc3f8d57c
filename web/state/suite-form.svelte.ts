// What the suite is run against, as chosen on the page. Address, ProductKey and ProductSecret are the fleet's fields: typed once, kept in
// memory only.
import { DEFAULT_EDITION, type EditionName } from '../../protocol/editions.ts';
import { PACE_MS } from '../../scenarios/engine/pace.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { problemsOf } from './fields.ts';
import { form } from './form.svelte.ts';
import { findSession, httpLink, type OperatorLink, type Session } from './operator-link.ts';

export type SuiteTargetKind = 'page' | 'beside' | 'wss';
export const PROFILES = ['prereg', 'nwl', 'operator', 'https'] as const satisfies readonly Profile[];

class SuiteForm {
  kind: SuiteTargetKind = $state('page');
  edition: EditionName = $state(DEFAULT_EDITION);
  /** Of a platform of the user's; a stub claims all but HTTPS, which a page cannot speak. */
  claimed: Record<Profile, boolean> = $state({ prereg: true, nwl: true, operator: true, https: false });
  administrator: 'human' | 'none' = $state('none');
  pace: 'published' | 'none' = $state('published');
  destructive = $state(false);
  /** The stub beside the app; null where there is none, undefined until that is known. */
  session: Session | null | undefined = $state.raw(undefined);
  beside: OperatorLink | null = $state.raw(null);

  readonly problems = $derived(problemsOf({ ...form.values, target: this.kind === 'wss' ? 'wss' : 'stub', devices: '1', rate: '1' }));
  readonly profiles: readonly Profile[] = $derived.by(() => {
    if (this.kind !== 'wss') return ['prereg', 'nwl', 'operator'];
    const claimed = PROFILES.filter((profile) => this.claimed[profile]);
    // Names are added, and switches turned, by an administrator: without one, nobody can show these.
    return this.administrator === 'human' ? claimed : claimed.filter((profile) => profile === 'nwl' || profile === 'https');
  });
  readonly ready = $derived(
    Object.keys(this.problems).length === 0 && this.profiles.length > 0 && (this.kind !== 'beside' || !!this.session),
  );

  /** How long a case waits where a declared limit could explain a refusal, milliseconds. */
  readonly paceMs = $derived(this.kind === 'wss' && this.pace === 'published' ? PACE_MS : 0);
  readonly destructiveAllowed = $derived(this.kind !== 'wss' || this.destructive);

  /** Looks whether there is a stub beside the app. */
  async look(): Promise<void> {
    if (this.session) return;
    this.session = await findSession();
    this.beside = this.session && httpLink(this.session);
  }
}

export const suiteForm = new SuiteForm();
