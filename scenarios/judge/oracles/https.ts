// Registration over HTTPS: what a stored exchange shows of it (section 3).
import { fromHex } from '../../../kernel/bytes/concat.ts';
import { proofsOf, unproven } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import type { Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';
import { endedBefore, outcomeSaid, undecidedBy } from '../words.ts';
import type { AttemptArgs } from './let-through.ts';

/** What came in, as text. */
function answerOf(span: SpanRecord): string {
  return span.events
    .flatMap((event) => (event.kind === 'bytes' && event.dir === 'in' && 'hex' in event ? [fromHex(event.hex) ?? new Uint8Array(0)] : []))
    .map((bytes) => String.fromCharCode(...bytes))
    .join('');
}

/** Code 200 with a DeviceSecret, on the wire. */
export function httpIssued(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  if (!span?.outcome) return endedBefore(attempt);
  const { outcome } = span;
  if (outcome.kind === 'unreachable' || outcome.kind === 'local' || outcome.kind === 'aborted') return undecidedBy(attempt, outcome);
  const ended = outcomeSaid(outcome);
  if (outcome.kind !== 'issued')
    return fail(`${attempt} should have got credentials but was ${ended.en}`, `${attempt} 应获发凭据，实际${ended['zh-CN']}`);
  const answer = answerOf(span);
  return /"code"\s*:\s*200\b/.test(answer) && answer.includes('"deviceSecret"')
    ? pass(`${attempt} got code 200 and a DeviceSecret`, `${attempt} 得到返回码 200 和 DeviceSecret`)
    : fail(`${attempt} claims credentials that are not on the wire`, `${attempt} 声称获发凭据，但线路上没有`);
}

export interface HttpRefusedArgs {
  readonly attempt: string;
  /** The same request with only the defect removed. */
  readonly control: string;
  /** A known-good unit afterwards. */
  readonly alive: string;
  /** `code`, where the documents state it for this refusal. */
  readonly code?: number;
}

/** Refused with a code other than 200, and nothing that is secret in the answer. */
export function httpRefused(spans: Spans, { attempt, control, alive, code }: HttpRefusedArgs): Finding {
  const span = spans.get(attempt);
  if (!span?.outcome) return endedBefore(attempt);
  const { outcome } = span;
  const proofs = proofsOf(span, spans.get(control), spans.get(alive));
  // No answer at all is nobody's refusal: HTTP always has one.
  if (outcome.kind !== 'issued' && outcome.kind !== 'refused' && outcome.kind !== 'malformed') return undecidedBy(attempt, outcome);
  if (outcome.kind === 'issued' || answerOf(span).includes('deviceSecret'))
    return fail(`${attempt} was answered with credentials`, `${attempt} 的应答带有凭据`, { proofs });
  const ended = outcomeSaid(outcome);
  if (outcome.kind === 'malformed') return fail(`${attempt} was ${ended.en}: ${outcome.why}`, `${attempt} ${ended['zh-CN']}`);
  if (code !== undefined && (outcome.kind !== 'refused' || outcome.code !== code))
    return fail(`${attempt} was ${ended.en}, the documents state ${code}`, `${attempt} ${ended['zh-CN']}，而文档规定为 ${code}`, {
      proofs,
    });
  const because = { en: `${attempt} was ${ended.en}`, 'zh-CN': `${attempt} ${ended['zh-CN']}` };
  const gap = unproven(because, proofs);
  if (gap) return gap;
  return pass(because.en, because['zh-CN'], {
    proofs,
    reading: outcome.kind === 'refused' ? outcome.code : null,
  });
}

/** Status line, headers and keys of an answer: a reading; shipped clients parse it by hand. */
export function httpShape(spans: Spans, { attempt }: AttemptArgs): Finding {
  const span = spans.get(attempt);
  if (!span) return endedBefore(attempt);
  const [head = '', body = ''] = answerOf(span).split('\r\n\r\n', 2);
  if (head === '') return inconclusive(`${attempt} was not answered`, `${attempt} 没有得到应答`);
  const [status = '', ...headers] = head.split('\r\n');
  const shape = {
    status,
    lengthSpelling: headers.map((line) => line.split(':', 1)[0] ?? '').find((name) => name.toLowerCase() === 'content-length') ?? null,
    chunked: headers.some((line) => /^transfer-encoding:\s*chunked/i.test(line)),
    bodyBytes: body.length,
    keys: [...body.matchAll(/"(\w+)"\s*:/g)].map((match) => match[1] ?? ''),
    compact: !/[{,:]\s/.test(body),
  };
  return pass(`the answer is ${JSON.stringify(shape)}`, `应答为 ${JSON.stringify(shape)}`, { reading: shape });
}
