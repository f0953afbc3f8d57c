// What the suite is run against, as chosen on the page. Address, ProductKey and ProductSecret are the fleet's fields: typed once, kept in
// memory only.
import { DEFAULT_EDITION, type EditionName } from '../../protocol/editions.ts';
import { CONNECTS_PER_DEVICE } from '../../protocol/limits.ts';
import { paceMsOf } from '../../scenarios/engine/pacing.ts';
import type { Profile } from '../../scenarios/rules/catalogue.ts';
import { connectionsOfPage } from './browser.ts';
import { problemsOf } from './fields.ts';
import { form } from './form.svelte.ts';
import { findSession, httpLink, type OperatorLink, type Session } from './operator-link.ts';
import { IN_CELLS, type Reach } from './page-reach.ts';
import { relay, type Destination } from './relay.svelte.ts';

export type SuiteTargetKind = 'page' | 'beside' | 'wss' | 'relay';
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
  /** The target of the relay that is chosen, by the id of its destination; the first where that is none. */
  relayed = $state('');

  /** A platform of the user's, of which the page knows what it is told. */
  readonly own = $derived(this.kind === 'wss' || this.kind === 'relay');
  readonly destination: Destination | null = $derived(relay.encrypted.find(({ id }) => id === this.relayed) ?? relay.encrypted[0] ?? null);
  readonly problems = $derived(
    problemsOf({ ...form.values, target: this.kind === 'wss' || this.kind === 'relay' ? this.kind : 'stub', devices: '1', rate: '1' }),
  );
  readonly profiles: readonly Profile[] = $derived.by(() => {
    if (!this.own) return ['prereg', 'nwl', 'operator'];
    const claimed = PROFILES.filter((profile) => this.claimed[profile]);
    // Names are added, and switches turned, by an administrator: without one, nobody can show these.
    return this.administrator === 'human' ? claimed : claimed.filter((profile) => profile === 'nwl' || profile === 'https');
  });
  /** What the platform can do, whether a page can judge it or not: a stub speaks HTTPS. */
  readonly claims: readonly Profile[] = $derived(this.own ? this.profiles : PROFILES);
  readonly ready = $derived(
    Object.keys(this.problems).length === 0 &&
      this.profiles.length > 0 &&
      (this.kind !== 'beside' || !!this.session) &&
      (this.kind !== 'relay' || !!this.destination),
  );

  /** What leads to the platform through the relay: all of it, or beside WebSockets what goes in clear. */
  readonly relayedTarget: Destination['target'] | null = $derived.by(() => {
    if (this.kind === 'relay') return this.destination?.target ?? null;
    const port = this.kind === 'beside' ? this.session?.stub.mqtts : undefined;
    return relay.encrypted.find(({ target }) => port !== undefined && target.endpoints.mqtts?.port === port)?.target ?? null;
  });
  readonly reach: Reach = $derived.by(() => {
    if (this.kind === 'page') return IN_CELLS;
    const plain = this.relayedTarget?.endpoints.mqtt !== undefined;
    return this.kind === 'relay'
      ? { over: 'relay', plain, connections: Infinity }
      : { over: 'websocket', plain, connections: connectionsOfPage() };
  });

  /** Attempts of one device that the platform takes within any minute; null where it limits nothing. */
  readonly perDevicePerMinute = $derived(this.own && this.pace === 'published' ? CONNECTS_PER_DEVICE : null);
  /** How long keeping to that takes where a declared limit could explain a refusal, about, milliseconds. */
  readonly paceMs = $derived(this.perDevicePerMinute === null ? 0 : paceMsOf(this.perDevicePerMinute));
  readonly destructiveAllowed = $derived(!this.own || this.destructive);

  /** Looks whether there is a stub beside the app. */
  async look(): Promise<void> {
    if (this.session) return;
    this.session = await findSession();
    this.beside = this.session && httpLink(this.session);
  }
}

export const suiteForm = new SuiteForm();
