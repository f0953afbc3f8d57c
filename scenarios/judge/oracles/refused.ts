// Was an attempt refused, for the reason the case is about and no other?
import { proofsOf, unproven } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import { repliesOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, warn, type Finding } from '../verdict.ts';
import { endedBefore, MALFORMED_ZH, outcomeSaid, undecidedBy } from '../words.ts';

export interface RefusedArgs {
  readonly attempt: string;
  /** The same credentials with only the defect removed. */
  readonly control: string;
  /** A known-good unit afterwards. */
  readonly alive: string;
  /** CONNACK code, where the documents state it; elsewhere any but 0 suffices and the code is a reading. */
  readonly code?: number;
}

export function refused(spans: Spans, args: RefusedArgs): Finding {
  const attempt = spans.get(args.attempt);
  if (!attempt) return endedBefore(args.attempt);
  const proofs = proofsOf(attempt, spans.get(args.control), spans.get(args.alive));
  const finding = judge(attempt, args.code);
  if (finding.verdict !== 'pass' && finding.verdict !== 'warn') return { ...finding, proofs };
  return unproven(finding.because, proofs) ?? { ...finding, proofs };
}

/** The attempt alone, without its proofs. */
export function judge(attempt: SpanRecord, code?: number): Finding {
  const { outcome, name } = attempt;
  if (!outcome) return inconclusive(`${name} has no outcome`, `${name} 没有结果`);
  if (repliesOf(attempt).length > 0) return fail(`${name} was answered with credentials`, `${name} 收到了凭据`);
  switch (outcome.kind) {
    case 'issued':
    case 'accepted':
      return fail(`${name} was let through: ${outcomeSaid(outcome).en}`, `${name} 被放行：${outcomeSaid(outcome)['zh-CN']}`);
    case 'refused':
      if (outcome.by === 'connack' && code !== undefined && outcome.code !== code) {
        return fail(
          `${name} was refused with CONNACK ${outcome.code}, the documents state ${code}`,
          `${name} 以 CONNACK ${outcome.code} 被拒绝，而文档规定为 ${code}`,
        );
      }
      return pass(
        `${name} was refused with ${outcome.by === 'connack' ? 'CONNACK' : 'code'} ${outcome.code}`,
        `${name} ${outcomeSaid(outcome)['zh-CN']}`,
        { reading: outcome.code },
      );
    case 'closed':
      if (outcome.stage === 'reply')
        return warn(`${name} got CONNACK 0 and was then closed without a reply`, `${name} 得到 CONNACK 0，随后未收到应答就被关闭`);
      return code === undefined
        ? pass(`${name} was closed without CONNACK`, `${name} 未收到 CONNACK 就被关闭`)
        : fail(`${name} was closed without CONNACK ${code}`, `${name} 被关闭，没有收到 CONNACK ${code}`);
    case 'silent':
      if (outcome.stage === 'reply')
        return warn(`${name} got CONNACK 0 and then nothing (silent-refusal)`, `${name} 得到 CONNACK 0，此后再无消息（silent-refusal）`);
      return inconclusive(`${name} was not answered within ${outcome.waitedMs} ms`, `${name} 在 ${outcome.waitedMs} 毫秒内没有得到回答`);
    case 'malformed':
      return fail(`${name} got a malformed ${outcome.what}: ${outcome.why}`, `${name} 收到格式错误的${MALFORMED_ZH[outcome.what]}`);
    case 'unreachable':
    case 'aborted':
    case 'local':
      return undecidedBy(name, outcome);
  }
}
