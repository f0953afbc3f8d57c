// Attempts that are judged against others like them: let through as their control was, or answered as each other were.
import { outcomeKey } from '../../../kernel/trace/outcome.ts';
import { missing, proofsOf } from '../proofs.ts';
import { connackOf, repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding } from '../verdict.ts';
import { accepted, issued } from './let-through.ts';

export interface LikeControlArgs {
  readonly attempt: string;
  /** The same attempt without what must not matter. */
  readonly control: string;
  /** A known-good unit afterwards. */
  readonly alive: string;
  /** A registration before it, which got CONNACK 0 and never saw its reply. */
  readonly orphan?: string;
}

/** Let through, like its control. A refusal counts only with the three proofs that what must not matter was its reason. */
export function acceptedLikeControl(spans: Spans, args: LikeControlArgs): Finding {
  const attempt = spans.get(args.attempt);
  const orphan = args.orphan === undefined ? undefined : spans.get(args.orphan);
  if (args.orphan !== undefined && (!orphan || connackOf(orphan) !== 0 || repliesOf(orphan).length > 0))
    return inconclusive(`${args.orphan} was not cut between CONNACK and reply`);
  const finding = (attempt?.verb === 'register' ? issued : accepted)(spans, args);
  if (!attempt || finding.verdict !== 'fail') return finding;
  const proofs = proofsOf(attempt, spans.get(args.control), spans.get(args.alive));
  const gaps = missing(proofs);
  return gaps.length > 0 ? inconclusive(`${finding.because.en}, but ${gaps.join(' and ')}`, { proofs }) : { ...finding, proofs };
}

export interface SameAnswerArgs {
  /** Attempts whose difference their sender must not learn. */
  readonly attempts: readonly string[];
  readonly alive: string;
}

/** The answers do not tell the attempts apart; no document asks for it, so a difference is a warning. */
export function sameAnswer(spans: Spans, { attempts, alive }: SameAnswerArgs): Finding {
  const answers = new Map<string, string[]>();
  for (const name of attempts) {
    const outcome = spans.get(name)?.outcome;
    if (!outcome) return inconclusive(`the case ended before ${name}`);
    if (outcome.kind === 'unreachable' || outcome.kind === 'local' || outcome.kind === 'aborted')
      return inconclusive(`${name}: ${outcomeKey(outcome)}`);
    const key = outcomeKey(outcome);
    answers.set(key, [...(answers.get(key) ?? []), name]);
  }
  if (spans.get(alive)?.outcome?.kind !== 'accepted') return inconclusive('the known-good unit did not live on');
  const said = [...answers].map(([key, names]) => `${key} (${names.join(', ')})`).join('; ');
  return answers.size === 1
    ? pass(`${attempts.length} attempts got one answer: ${[...answers.keys()].join('')}`)
    : warn(`the answers differ: ${said}`);
}

export interface AnswersArgs {
  readonly attempts: readonly string[];
}

/** How each attempt was answered: a reading. */
export function answers(spans: Spans, { attempts }: AnswersArgs): Finding {
  const said: Record<string, string> = {};
  for (const name of attempts) {
    const outcome = spans.get(name)?.outcome;
    if (!outcome) return inconclusive(`the case ended before ${name}`);
    said[name] = outcomeKey(outcome);
  }
  return pass(`answers: ${JSON.stringify(said)}`, { reading: said });
}

export interface RepliesArgs {
  /** Spans of one unit, from its registration to when it stopped listening. */
  readonly during: readonly string[];
}

/** No registration is answered but once, whoever else publishes to its reply topics. */
export function oneReply(spans: Spans, { during }: RepliesArgs): Finding {
  let count = 0;
  for (const name of during) {
    const span = spans.get(name);
    if (!span) return inconclusive(`the case ended before ${name}`);
    count += repliesOf(span).length;
  }
  const said = `during ${during.join(' and ')}`;
  return count === 1 ? pass(`one reply came ${said}`) : fail(`${count} replies came ${said}`);
}
