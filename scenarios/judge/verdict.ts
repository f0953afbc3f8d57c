// What can be said of a check, a case, a rule and a run.
import type { Json } from '../../kernel/trace/event.ts';

/** From best to worst, as a roll-up sees them. */
export const VERDICTS = ['not_applicable', 'pass', 'warn', 'not_run', 'inconclusive', 'error', 'fail'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The proofs behind a negative verdict (design, section 5). */
export interface Proofs {
  /** The stimulus arrived: the platform answered it, or closed after our last byte and before our time-out. */
  readonly stimulus: boolean;
  /** The same attempt with only the defect removed is accepted. */
  readonly control: boolean;
  /** A known-good unit lives on afterwards. */
  readonly alive: boolean;
}

/** A sentence in each language of the reports. */
export interface Said {
  readonly en: string;
  readonly 'zh-CN': string;
}

/** What an oracle says. */
export interface Finding {
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'warn' | 'inconclusive'>;
  /** One sentence with the facts it rests on. */
  readonly because: Said;
  readonly proofs?: Proofs;
  /** Measured and reported, never judged. */
  readonly reading?: Json;
}

type More = Pick<Finding, 'proofs' | 'reading'>;

const finding =
  (verdict: Finding['verdict']) =>
  (en: string, zh: string, more: More = {}): Finding => ({ ...more, verdict, because: { en, 'zh-CN': zh } });

/** A finding: its sentence in English and in Chinese, then proofs and reading. */
export const pass = finding('pass');
export const fail = finding('fail');
export const inconclusive = finding('inconclusive');
export const warn = finding('warn');

/** The worst of several; `none` where there are none. */
export function worst(verdicts: readonly Verdict[], none: Verdict): Verdict {
  return verdicts.reduce<Verdict>((a, b) => (VERDICTS.indexOf(b) > VERDICTS.indexOf(a) ? b : a), verdicts[0] ?? none);
}
