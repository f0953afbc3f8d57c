// What a bad network does to a case: a connection breaks, or nobody answers. It says nothing of the platform, and what follows from it does
// not either; so a failure stands only where no attempt before it was broken.
import type { Ending } from '../../kernel/bytes/stream.ts';
import { notDialled, refusedInHandshake, torn } from './proofs.ts';
import type { SpanRecord } from './record.ts';
import { packetsOf, type Spans } from './spans.ts';
import { inconclusive, type Finding } from './verdict.ts';

/** Reads spans in their order, so that it knows how a unit lost the connection that it misses. */
class Breaks {
  readonly #endings = new Map<string, Ending>();

  /** Did the attempt end without any word of the platform? CONNACK 0 and then silence is a word: it was reached, and gave nothing. */
  at(span: SpanRecord): boolean {
    const before = this.#endings.get(span.unit ?? '');
    const closed = span.events.findLast((event) => event.kind === 'closed');
    if (span.unit !== null && closed?.kind === 'closed') this.#endings.set(span.unit, closed.ending);
    const { outcome } = span;
    switch (outcome?.kind) {
      case 'closed':
        return closed ? torn(span) && !provoked(span) : before?.by === 'fault';
      case 'silent':
        return outcome.stage === 'connack' ? !heard(span) : outcome.stage !== 'reply' && outcome.stage !== 'session';
      case 'unreachable':
        // A handshake that came to nothing is an answer, and what was never dialled could not break.
        return !refusedInHandshake(outcome) && !notDialled(outcome);
      case 'local':
        return true;
      default:
        return false;
    }
  }
}

/** Did the unit begin a packet of a type that MQTT 3.1.1 forbids? Whoever hangs up on that, however rudely, has answered it. */
function provoked(span: SpanRecord): boolean {
  return span.events.some((event) => event.kind === 'bytes' && 'hex' in event && event.dir === 'out' && /^[0f]/.test(event.hex));
}

/** Did anything come on the last connection of the span? */
function heard(span: SpanRecord): boolean {
  const packets = packetsOf(span);
  const last = packets.at(-1)?.conn;
  return packets.some(({ conn, dir }) => conn === last && dir === 'in');
}

/** The finding, unless it blames the platform for what a connection explains that broke before the last of its `evidence` had ended. */
export function unlessBroken(spans: Spans, finding: Finding, evidence: readonly string[]): Finding {
  if (finding.verdict !== 'fail' && finding.verdict !== 'warn') return finding;
  const named = new Set(evidence);
  const until = named.size === 0 ? Infinity : Math.max(...evidence.map((name) => spans.get(name)?.endedAt ?? 0));
  const breaks = new Breaks();
  for (const span of spans.all()) {
    // A session that a check watches may break as well; where nobody watches, its next attempt will tell.
    const broke = breaks.at(span) || (named.has(span.name) && torn(span));
    if (!broke || span.startedAt > until) continue;
    const { because, proofs, reading } = finding;
    return inconclusive(
      `${because.en}, but a connection broke at ${span.name} without a word of the platform`,
      `${because['zh-CN']}，但连接在 ${span.name} 处中断，平台未作任何回答`,
      { ...(proofs ? { proofs } : {}), ...(reading === undefined ? {} : { reading }) },
    );
  }
  return finding;
}
