// Phrases that the sentences of several oracles share, in both languages of the reports.
import { outcomeKey, type LocalReason, type Outcome, type Stage } from '../../kernel/trace/outcome.ts';
import { inconclusive, type Finding, type Said, type Verdict } from './verdict.ts';

/** Verdicts, as a Chinese sentence names them. */
export const VERDICT_ZH: Readonly<Record<Verdict, string>> = {
  pass: '通过',
  fail: '失败',
  warn: '警告',
  inconclusive: '无法判定',
  not_applicable: '不适用',
  error: '错误',
  not_run: '未运行',
};

/** Several names in a sentence. */
export function listed(names: readonly string[]): Said {
  return { en: names.join(' and '), 'zh-CN': names.join('、') };
}

/** Several reasons in one sentence. */
export function allOf(reasons: readonly Said[]): Said {
  return { en: reasons.map((one) => one.en).join(' and '), 'zh-CN': reasons.map((one) => one['zh-CN']).join('，且') };
}

/** The finding of a check whose span was never reached. */
export function endedBefore(span: string): Finding {
  return inconclusive(`the case ended before ${span}`, `用例在 ${span} 之前就已结束`);
}

/** How an attempt ended. */
export function outcomeSaid(outcome: Outcome): Said {
  return { en: outcomeKey(outcome), 'zh-CN': outcomeZh(outcome) };
}

/** The finding of an attempt whose end says nothing about the platform. */
export function undecidedBy(span: string, outcome: Outcome): Finding {
  const said = outcomeSaid(outcome);
  return inconclusive(`${span}: ${said.en}`, `${span}：${said['zh-CN']}`);
}

const STAGE: Readonly<Record<Stage, string>> = {
  dns: '域名解析',
  tcp: ' TCP 连接',
  tls: ' TLS 握手',
  ws: ' WebSocket 握手',
  connack: '等待 CONNACK ',
  reply: '等待应答',
  session: '会话',
};

const LOCAL: Readonly<Record<LocalReason, string>> = {
  ports: '端口',
  descriptors: '文件描述符',
  'browser-cap': '浏览器连接数',
  'generator-late': '负载发生器滞后',
  relay: '中继',
};

/** What broke the protocol, as a Chinese sentence names it. */
export const MALFORMED_ZH: Readonly<Record<Extract<Outcome, { kind: 'malformed' }>['what'], string>> = {
  connack: 'CONNACK',
  reply: '注册应答',
  packet: '报文',
  http: 'HTTP 响应',
};

function outcomeZh(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'issued':
      return `获发凭据（${outcome.mode}，${outcome.via === 'mqtt' ? 'MQTT' : 'HTTPS'}）`;
    case 'accepted':
      return '被接受';
    case 'refused':
      return outcome.by === 'connack' ? `以 CONNACK ${outcome.code} 被拒绝` : `以 HTTPS 返回码 ${outcome.code} 被拒绝`;
    case 'malformed':
      return `收到格式错误的${MALFORMED_ZH[outcome.what]}`;
    case 'closed':
      return `连接在${STAGE[outcome.stage]}阶段被关闭`;
    case 'silent':
      return `在${STAGE[outcome.stage]}阶段没有回音`;
    case 'unreachable':
      return `在${STAGE[outcome.stage]}阶段无法到达（${outcome.code}）`;
    case 'aborted':
      return outcome.by === 'operator' ? '被操作者中止' : '因停止条件而中止';
    case 'local':
      return `受本机限制（${LOCAL[outcome.reason]}）`;
  }
}
