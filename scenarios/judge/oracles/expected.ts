// What each oracle asks for, in one sentence of each language (the `expected` beside the `because` of a report), and which of its arguments
// name spans.
import type { Check } from '../judge.ts';
import type { Said } from '../verdict.ts';
import { listed } from '../words.ts';
import { member, type Crowd } from './crowd.ts';
import type { OracleArgs, OracleName } from './index.ts';

/** What is said of an oracle by its arguments. */
interface Ask<Args> {
  /** Arguments that name a span, several, or a crowd of them. */
  readonly spans: readonly (keyof Args)[];
  readonly says: (on: Args) => readonly [en: string, zh: string];
}

// An oracle without an entry does not compile.
const ASKS: { readonly [Name in OracleName]: Ask<OracleArgs[Name]> } = {
  accepted: {
    spans: ['attempt'],
    says: ({ attempt }) => [`${attempt} is accepted`, `${attempt} 被接受`],
  },
  acceptedLikeControl: {
    spans: ['orphan', 'attempt', 'control', 'alive'],
    says: ({ attempt, control, alive, orphan }) => [
      `${orphan === undefined ? '' : `after ${orphan}, cut between CONNACK and reply, `}${attempt} is let through like its control ${control}, and ${alive} lives on`,
      `${orphan === undefined ? '' : `在 ${orphan}（于 CONNACK 与应答之间中断）之后，`}${attempt} 与对照 ${control} 同样获准，且 ${alive} 保持存活`,
    ],
  },
  acknowledged: {
    spans: ['span'],
    says: ({ span }) => [`every QoS 1 message published in ${span} gets its PUBACK`, `${span} 中发布的每条 QoS 1 消息都得到 PUBACK`],
  },
  answers: {
    spans: ['attempts'],
    says: ({ attempts }) => [`reading: the answers to ${listed(attempts).en}`, `读数：对 ${listed(attempts)['zh-CN']} 的回答`],
  },
  betterRefused: {
    spans: ['attempt', 'control'],
    says: ({ attempt }) => [`${attempt} had better be refused`, `${attempt} 宜被拒绝`],
  },
  closeCountsFrom: {
    spans: ['register', 'linger'],
    says: ({ register, linger }) => [
      `reading: whether the time until the platform ends ${linger} counts from the CONNACK or from the reply of ${register}`,
      `读数：平台结束 ${linger} 之前的时间自 ${register} 的 CONNACK 还是应答起算`,
    ],
  },
  clientIdTime: {
    spans: ['list', 'issued', 'connected'],
    says: ({ list }) => [`reading: which time ${list} gives a ClientID`, `读数：${list} 给出的 ClientID 时间是哪一个`],
  },
  compactReply: {
    spans: ['attempt'],
    says: ({ attempt }) => [
      `the reply to ${attempt} is compact JSON with QoS 0, not retained`,
      `对 ${attempt} 的应答是紧凑 JSON，QoS 为 0，且不是保留消息`,
    ],
  },
  credentialsOrRefusal: {
    spans: ['crowd', 'off'],
    says: ({ crowd, off }) => [
      `each of ${crowd.count} units that register around ${off} gets credentials once or a refusal`,
      `在 ${off} 前后注册的 ${crowd.count} 台设备要么获发一次凭据，要么被拒绝`,
    ],
  },
  everyoneAccepted: {
    spans: ['crowd'],
    says: ({ crowd }) => [`${crowd.name} 1 to ${crowd.count} are all accepted`, `${crowd.name} 1～${crowd.count} 全部被接受`],
  },
  everyoneIssued: {
    spans: ['crowd'],
    says: ({ crowd }) => [`${crowd.name} 1 to ${crowd.count} all get credentials`, `${crowd.name} 1～${crowd.count} 全部获发凭据`],
  },
  everyoneRefused: {
    spans: ['crowd', 'control', 'alive'],
    says: ({ crowd, control, alive }) => [
      `${crowd.name} 1 to ${crowd.count} are all refused, while ${control} is accepted and ${alive} lives on`,
      `${crowd.name} 1～${crowd.count} 全部被拒绝，而 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  exactlyOnline: {
    spans: ['crowd', 'control', 'alive'],
    says: ({ crowd, online, control, alive }) => [
      `of ${crowd.count} units exactly ${online} are ever online; the others are refused, ${control} is accepted once there is room, and ${alive} lives on`,
      `${crowd.count} 台设备中恰好 ${online} 台曾上线，其余被拒绝；腾出名额后 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  lateRefused: {
    spans: ['crowd', 'off', 'control', 'alive'],
    says: ({ off, control, alive }) => [
      `whoever begins to register after ${off} was answered is refused, while ${control} is accepted later and ${alive} lives on`,
      `${off} 得到回答之后才开始注册的设备全部被拒绝，而之后 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  newestWins: {
    spans: ['connects'],
    says: ({ connects }) => [
      `each of ${connects.count} connects of one certificate is let in and ends the connection before it`,
      `同一证书的 ${connects.count} 次连接均被接受，且各自结束前一连接`,
    ],
  },
  sparedBySwitch: {
    spans: ['off', 'stays', 'posts', 'reconnects'],
    says: ({ off }) => [
      `whoever was online before ${off} stays online, is answered and can come back`,
      `${off} 之前在线的设备保持在线、上报得到应答并能重新连接`,
    ],
  },
  deliveries: {
    spans: ['span'],
    says: ({ span }) => [`reading: how many messages come during ${span}`, `读数：${span} 期间收到的消息数`],
  },
  distinctClientIds: {
    spans: ['attempts'],
    says: ({ attempts }) => [
      `the units of ${listed(attempts).en} each get a ClientID and a DeviceToken of their own`,
      `${listed(attempts)['zh-CN']} 的各单元获得互不相同的 ClientID 与 DeviceToken`,
    ],
  },
  endedByPlatform: {
    spans: ['since', 'span'],
    says: ({ span, since, notBefore, notAfter }) => [
      `the platform ends the session during ${span}${within(notBefore, notAfter, since).en}`,
      `平台在 ${span} 期间${within(notBefore, notAfter, since)['zh-CN']}结束会话`,
    ],
  },
  factIs: {
    spans: ['span'],
    says: ({ span, fact, is }) => [`${fact} is ${JSON.stringify(is)} at ${span}`, `${span} 处 ${fact} 为 ${JSON.stringify(is)}`],
  },
  factUnchanged: {
    spans: ['before', 'after'],
    says: ({ fact, before, after }) => [`${fact} is the same at ${before} and ${after}`, `${fact} 在 ${before} 与 ${after} 处相同`],
  },
  firstAnswers: {
    spans: ['attempts'],
    says: ({ attempts }) => [
      `reading: the first packet that answers ${listed(attempts).en}`,
      `读数：回答 ${listed(attempts)['zh-CN']} 的首个报文`,
    ],
  },
  httpIssued: {
    spans: ['attempt'],
    says: ({ attempt }) => [
      `${attempt} gets code 200 and a DeviceSecret over HTTPS`,
      `${attempt} 通过 HTTPS 得到返回码 200 和 DeviceSecret`,
    ],
  },
  httpRefused: {
    spans: ['attempt', 'control', 'alive'],
    says: ({ attempt, control, alive, code }) => [
      `${attempt} is refused over HTTPS${code === undefined ? '' : ` with code ${code}`}, while its control ${control} is accepted and ${alive} lives on`,
      `${attempt} 在 HTTPS 上${code === undefined ? '' : `以返回码 ${code} `}被拒绝，而对照 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  httpShape: {
    spans: ['attempt'],
    says: ({ attempt }) => [
      `reading: status, headers and keys of the answer to ${attempt}`,
      `读数：对 ${attempt} 的应答的状态行、首部与字段`,
    ],
  },
  issued: {
    spans: ['attempt'],
    says: ({ attempt }) => [`${attempt} gets CONNACK 0 and one reply with credentials`, `${attempt} 得到 CONNACK 0 和一条带凭据的应答`],
  },
  keepsCredentials: {
    spans: ['first', 'later', 'online'],
    says: ({ first, later, online }) => [
      `the device that registers at ${first} connects at ${later} with what it stored, without registering again, and is online at ${online}`,
      `设备在 ${first} 注册，在 ${later} 用已存凭据连接而不再注册，并在 ${online} 处在线`,
    ],
  },
  livedThrough: {
    spans: ['span'],
    says: ({ span }) => [`the session lives through ${span}`, `会话在 ${span} 期间保持连接`],
  },
  messageOn: {
    spans: ['span'],
    says: ({ span, topicEnds }) => [`reading: what comes on ${topicEnds} during ${span}`, `读数：${span} 期间 ${topicEnds} 上收到的消息`],
  },
  nothingReceived: {
    spans: ['span', 'heard', 'meanwhile'],
    says: ({ span, heard, meanwhile }) => [
      `nothing is received during ${span}${meanwhile === undefined ? '' : `, while messages come at ${meanwhile}`}, although ${heard} shows that the watcher can hear`,
      `${span} 期间收不到任何消息${meanwhile === undefined ? '' : `，而同时 ${meanwhile} 收到消息`}，且 ${heard} 证明监听者收得到`,
    ],
  },
  oneReply: {
    spans: ['during'],
    says: ({ during }) => [`exactly one reply comes during ${listed(during).en}`, `${listed(during)['zh-CN']} 期间恰好收到一条应答`],
  },
  operatorLatency: {
    spans: ['action', 'ended', 'attempts'],
    says: ({ action }) => [`reading: how long ${action} takes to have an effect`, `读数：${action} 多久生效`],
  },
  postAnswer: {
    spans: ['span'],
    says: ({ span, topicEnds }) => [
      `during ${span} one answer comes on ${topicEnds}: code 200, QoS 0, not retained`,
      `${span} 期间 ${topicEnds} 上收到一条应答：code 为 200，QoS 为 0，且不是保留消息`,
    ],
  },
  reading: {
    spans: ['span'],
    says: ({ span, fact }) => [`reading: ${fact} at ${span}`, `读数：${span} 处的 ${fact}`],
  },
  refused: {
    spans: ['attempt', 'control', 'alive'],
    says: ({ attempt, control, alive, code }) => [
      `${attempt} is refused${code === undefined ? '' : ` with CONNACK ${code}`}, while its control ${control} is accepted and ${alive} lives on`,
      `${attempt} ${code === undefined ? '' : `以 CONNACK ${code} `}被拒绝，而对照 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  registersOnce: {
    spans: ['first', 'later'],
    says: ({ first, later }) => [
      `the device that registers at ${first} does not register again at ${later}`,
      `设备在 ${first} 注册之后，在 ${later} 不再注册`,
    ],
  },
  replyInOrder: {
    spans: ['attempt'],
    says: ({ attempt }) => [
      `${attempt} is answered with the four bytes of CONNACK 0 and then with credentials for its own names`,
      `${attempt} 先得到四字节的 CONNACK 0，随后得到属于自身名称的凭据`,
    ],
  },
  replyShape: {
    spans: ['attempt'],
    says: ({ attempt }) => [
      `reading: topic, flags, keys and lengths of the reply to ${attempt}`,
      `读数：对 ${attempt} 的应答的 Topic、标志、字段与长度`,
    ],
  },
  replyTopic: {
    spans: ['attempt'],
    says: ({ attempt }) => [`reading: the topic of the reply to ${attempt}`, `读数：对 ${attempt} 的应答所用的 Topic`],
  },
  sameAnswer: {
    spans: ['attempts', 'alive'],
    says: ({ attempts, alive }) => [
      `${listed(attempts).en} get the same answer, and ${alive} lives on`,
      `${listed(attempts)['zh-CN']} 得到同一种回答，且 ${alive} 保持存活`,
    ],
  },
  sessionFate: {
    spans: ['span'],
    says: ({ span }) => [`reading: whether the session outlives ${span}`, `读数：会话在 ${span} 期间是否保持`],
  },
  sixthStaysOut: {
    spans: ['sixth', 'control', 'alive'],
    says: ({ sixth, control, alive }) => [
      `the sixth unit is not online after ${listed(sixth).en}, while ${control} after Clear is accepted and ${alive} lives on`,
      `${listed(sixth)['zh-CN']} 之后第六台设备未上线，而清空后的 ${control} 被接受，且 ${alive} 保持存活`,
    ],
  },
  tlsFloor: {
    spans: ['attempt', 'control', 'alive'],
    says: ({ attempt, control, alive }) => [
      `${attempt}, with the least TLS that firmware in the field speaks, is served like its control ${control}, and ${alive} lives on`,
      `${attempt} 使用已出货固件所支持的最低 TLS，应与对照 ${control} 同样获得服务，且 ${alive} 保持存活`,
    ],
  },
  unsolicited: {
    spans: ['attempt'],
    says: ({ attempt }) => [`${attempt} gets its credentials without a SUBSCRIBE`, `${attempt} 无需 SUBSCRIBE 即获发凭据`],
  },
};

/** What a check asks for. */
export function expected({ oracle, on }: Check): Said {
  try {
    const [en, zh] = askOf(oracle).says({ ...on });
    return { en, 'zh-CN': zh };
  } catch (error) {
    // The module of a user may ask for what the oracle does not take; this must not end the run.
    if (!(error instanceof TypeError)) throw error;
    return { en: `${oracle}, asked with arguments that it does not take`, 'zh-CN': `${oracle}，但参数不是它所接受的` };
  }
}

/** Every span that the arguments of a check name, each once; of a crowd the first and the last. */
export function spansNamed({ oracle, on }: Check): string[] {
  const given: Readonly<Record<string, unknown>> = { ...on };
  const names = askOf(oracle).spans.flatMap((key): unknown => (isCrowd(given[key]) ? ends(given[key]) : given[key]));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

function isCrowd(value: unknown): value is Crowd {
  return typeof value === 'object' && value !== null && 'count' in value;
}

function ends(crowd: Crowd): string[] {
  return [member(crowd, 1), member(crowd, crowd.count)];
}

/** The entry, of whichever oracle; the arguments of a check are those of its oracle. */
function askOf(oracle: OracleName): Ask<Record<string, unknown>> {
  return ASKS[oracle] as unknown as Ask<Record<string, unknown>>;
}

function within(notBefore: number | undefined, notAfter: number | undefined, since?: string): Said {
  const from = since === undefined ? { en: 'its start', zh: '开始' } : { en: `the end of ${since}`, zh: ` ${since} 结束` };
  if (notBefore !== undefined && notAfter !== undefined)
    return { en: ` ${notBefore} to ${notAfter} ms after ${from.en}`, 'zh-CN': `于${from.zh}后 ${notBefore}～${notAfter} 毫秒` };
  if (notBefore !== undefined) return { en: ` not before ${notBefore} ms after ${from.en}`, 'zh-CN': `于${from.zh} ${notBefore} 毫秒后` };
  if (notAfter !== undefined) return { en: ` within ${notAfter} ms of ${from.en}`, 'zh-CN': `于${from.zh}后 ${notAfter} 毫秒内` };
  return { en: '', 'zh-CN': '' };
}
