// Attempts that are judged against others like them: let through as their control was, or answered as each other were.
import { proofsOf, unproven } from '../proofs.ts';
import { connackOf, repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding, type Said } from '../verdict.ts';
import { endedBefore, listed, outcomeSaid, undecidedBy } from '../words.ts';
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
    return inconclusive(`${args.orphan} was not cut between CONNACK and reply`, `${args.orphan} 未在 CONNACK 与应答之间中断`);
  const finding = (attempt?.verb === 'register' ? issued : accepted)(spans, args);
  if (!attempt || finding.verdict !== 'fail') return finding;
  const proofs = proofsOf(attempt, spans.get(args.control), spans.get(args.alive));
  return unproven(finding.because, proofs) ?? { ...finding, proofs };
}

export interface SameAnswerArgs {
  /** Attempts whose difference their sender must not learn. */
  readonly attempts: readonly string[];
  readonly alive: string;
}

/** The answers do not tell the attempts apart; no document asks for it, so a difference is a warning. */
export function sameAnswer(spans: Spans, { attempts, alive }: SameAnswerArgs): Finding {
  const answers = new Map<string, { readonly said: Said; readonly names: string[] }>();
  for (const name of attempts) {
    const outcome = spans.get(name)?.outcome;
    if (!outcome) return endedBefore(name);
    if (outcome.kind === 'unreachable' || outcome.kind === 'local' || outcome.kind === 'aborted') return undecidedBy(name, outcome);
    const said = outcomeSaid(outcome);
    const same = answers.get(said.en);
    if (same) same.names.push(name);
    else answers.set(said.en, { said, names: [name] });
  }
  if (spans.get(alive)?.outcome?.kind !== 'accepted')
    return inconclusive('the known-good unit did not live on', '已知正常的单元未能保持存活');
  const all = [...answers.values()];
  const [first] = all;
  if (!first) return inconclusive('there was no attempt', '没有任何尝试');
  return all.length === 1
    ? pass(
        `${attempts.length} attempts got one answer: ${first.said.en}`,
        `${attempts.length} 次尝试得到同一种回答：${first.said['zh-CN']}`,
      )
    : warn(
        `the answers differ: ${all.map(({ said, names }) => `${said.en} (${names.join(', ')})`).join('; ')}`,
        `回答不一致：${all.map(({ said, names }) => `${said['zh-CN']}（${names.join('、')}）`).join('；')}`,
      );
}

export interface AnswersArgs {
  readonly attempts: readonly string[];
}

/** How each attempt was answered: a reading. */
export function answers(spans: Spans, { attempts }: AnswersArgs): Finding {
  const said: Record<string, string> = {};
  const zh: string[] = [];
  for (const name of attempts) {
    const outcome = spans.get(name)?.outcome;
    if (!outcome) return endedBefore(name);
    const answer = outcomeSaid(outcome);
    said[name] = answer.en;
    zh.push(`${name} ${answer['zh-CN']}`);
  }
  return pass(`answers: ${JSON.stringify(said)}`, `回答：${zh.join('；')}`, { reading: said });
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
    if (!span) return endedBefore(name);
    count += repliesOf(span).length;
  }
  const when = listed(during);
  return count === 1
    ? pass(`one reply came during ${when.en}`, `${when['zh-CN']} 期间收到一条应答`)
    : fail(`${count} replies came during ${when.en}`, `${when['zh-CN']} 期间收到 ${count} 条应答`);
}
