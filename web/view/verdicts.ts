// Verdicts in the order in which a reader wants to hear of them.
import type { Verdict } from '../../scenarios/judge/verdict.ts';

export const VERDICTS: readonly Verdict[] = ['pass', 'fail', 'error', 'warn', 'inconclusive', 'not_run', 'not_applicable'];
