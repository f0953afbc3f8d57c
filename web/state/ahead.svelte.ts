// What is ahead of the run that the form describes, worked out anew only where what it depends on was changed.
import { aheadOf, paceAt, type Ahead, type Intended } from './ahead.ts';
import { connectionsOfPage } from './browser.ts';
import { form } from './form.svelte.ts';
import { relay } from './relay.svelte.ts';

class FormAhead {
  readonly #pace = $derived(paceAt(form.values, relay.destination?.target ?? null, relay.besidePort));
  /** As text, which is the same while a name or a secret is typed: thousands of devices are not gone through for each letter. */
  readonly #intended = $derived.by(() => {
    const { problems, values } = form;
    if (problems.devices || problems.rate) return null;
    const { target, mode } = values;
    const intended: Intended = {
      target,
      mode,
      devices: Number(values.devices),
      rate: Number(values.rate),
      pace: this.#pace,
      cap: connectionsOfPage(),
    };
    return JSON.stringify(intended);
  });
  /** Null while the form does not say how many devices come how fast. */
  readonly run: Ahead | null = $derived(this.#intended === null ? null : aheadOf(JSON.parse(this.#intended) as Intended));
  /** Whose limits the rate is held to: the vendor's, where the target declares none. */
  readonly heldBy = $derived(
    form.values.target === 'relay' && relay.destination?.target.pace?.perSecond !== undefined ? ('target' as const) : ('vendor' as const),
  );
}

export const ahead = new FormAhead();
