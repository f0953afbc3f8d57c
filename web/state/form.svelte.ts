// The fields of the page. Nothing of them is stored; the ProductSecret never leaves memory.
import { secureRandom } from '../../kernel/random.ts';
import { DEFAULT_RATE } from '../../worker/fleet/plan.ts';
import { problemsOf, type FieldName, type Values } from './fields.ts';

/** Lower case, since some consoles compare names without it; no letters that look like digits. */
const NAMESPACE_LETTERS = 'abcdefghkmnpqrstuvwxyz23456789';
const NAMESPACE_LENGTH = 6;

class Form {
  values: Values = $state({
    target: 'stub',
    url: '',
    productKey: '',
    productSecret: '',
    devices: '2000',
    mode: 'mixed',
    session: 'reference',
    rate: String(DEFAULT_RATE),
    seed: 'muster',
    namespace: '',
  });
  readonly problems = $derived(problemsOf(this.values));
  /** Fields that were left at least once, or edited: an empty field is not called wrong before anybody touched it. */
  touched: Partial<Record<FieldName, boolean>> = $state({});

  /** The in-page platform that the console keeps is emptied before the run. */
  emptyFirst = $state(false);

  constructor() {
    this.renewNamespace();
  }

  /** A platform of the user's remembers names: every run there gets new ones. */
  renewNamespace(): void {
    this.values.namespace = secureRandom().text(NAMESPACE_LENGTH, NAMESPACE_LETTERS);
  }
}

export const form = new Form();
