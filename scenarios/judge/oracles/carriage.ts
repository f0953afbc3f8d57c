// What carries MQTT, and which MQTT: the least TLS that firmware in the field speaks, and the answer to other versions of the protocol.
import type { TlsFacts } from '../../../kernel/bytes/stream.ts';
import { fromHex } from '../../../kernel/bytes/concat.ts';
import { letThrough, refusedInHandshake } from '../proofs.ts';
import type { SpanRecord } from '../record.ts';
import type { Spans } from '../spans.ts';
import { inconclusive, pass, warn, type Finding, type Said } from '../verdict.ts';
import { endedBefore, outcomeSaid, undecidedBy } from '../words.ts';
import type { AnswersArgs } from './like-control.ts';

export interface FloorArgs {
  /** An attempt with the least that firmware in the field speaks. */
  readonly attempt: string;
  /** The same over TLS as it is usually spoken. */
  readonly control: string;
  /** A known-good unit afterwards. */
  readonly alive: string;
}

/**
 * A device that knows TLS 1.2 with RSA key exchange and AES-CBC only, and asks for no name, is served, with a certificate whose key may be
 * used so. No document names the suites: a platform without them locks shipped firmware out, which is a warning.
 */
export function tlsFloor(spans: Spans, { attempt, control, alive }: FloorArgs): Finding {
  const span = spans.get(attempt);
  if (!span?.outcome) return endedBefore(attempt);
  const said = outcomeSaid(span.outcome);
  if (!letThrough(span)) {
    if (!refusedInHandshake(span.outcome)) return undecidedBy(attempt, span.outcome);
    if (!letThrough(spans.get(control))) return inconclusive('the control was not accepted', '对照未被接受');
    if (!letThrough(spans.get(alive))) return inconclusive('the known-good unit did not live on', '已知正常的单元未能保持存活');
    return warn(`${attempt} was not served: ${said.en}`, `${attempt} 未获服务：${said['zh-CN']}`);
  }
  const tls = tlsOf(span);
  if (!tls) return inconclusive(`${attempt} has no handshake on record`, `${attempt} 没有握手记录`);
  const reading = handshakeSaid(tls).en;
  return tls.keyEncipherment
    ? pass(`${attempt} was served: ${reading}`, `${attempt} 获得服务：${handshakeSaid(tls)['zh-CN']}`, { reading })
    : warn(
        `${attempt} was served, but the certificate lacks keyEncipherment, without which the C SDKs refuse it`,
        `${attempt} 获得服务，但证书缺少 keyEncipherment，C SDK 会因此拒绝该证书`,
        { reading },
      );
}

function tlsOf(span: SpanRecord): TlsFacts | undefined {
  for (const event of span.events) if (event.kind === 'opened' && event.facts.tls) return event.facts.tls;
  return undefined;
}

function handshakeSaid({ version, cipher, keyEncipherment }: TlsFacts): Said {
  return {
    en: `${version} ${cipher}, ${keyEncipherment ? 'with' : 'without'} keyEncipherment`,
    'zh-CN': `${version} ${cipher}，${keyEncipherment ? '含' : '不含'} keyEncipherment`,
  };
}

/** The answer to each CONNECT as its first packet says it, of whatever version of MQTT: a reading. */
export function firstAnswers(spans: Spans, { attempts }: AnswersArgs): Finding {
  const said: Record<string, string> = {};
  const zh: string[] = [];
  for (const name of attempts) {
    const span = spans.get(name);
    if (!span?.outcome) return endedBefore(name);
    const answer = connackSaid(span) ?? outcomeSaid(span.outcome);
    said[name] = answer.en;
    zh.push(`${name} ${answer['zh-CN']}`);
  }
  return pass(`answers: ${JSON.stringify(said)}`, `回答：${zh.join('；')}`, { reading: said });
}

const CONNACK = 0x20;
/** Lengths of what follows the first two bytes: MQTT 3.1 and 3.1.1 have two bytes, MQTT 5 has properties besides. */
const BARE = 2;

function connackSaid(span: SpanRecord): Said | undefined {
  for (const event of span.events) {
    if (!('hex' in event) || event.dir !== 'in') continue;
    const [type, length = 0, , code] = fromHex(event.hex) ?? [];
    if (type !== CONNACK || code === undefined) return undefined;
    const text = length === BARE ? `CONNACK ${code}` : `CONNACK 0x${code.toString(16).padStart(2, '0')} (MQTT 5)`;
    return { en: text, 'zh-CN': `得到 ${text}` };
  }
  return undefined;
}
