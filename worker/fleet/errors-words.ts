// Plain words for each kind of error of a fleet, in both languages of the reports: what happened and where to look.
import type { ErrorFamily } from './errors.ts';
import type { LimitName } from './limits.ts';

interface Words {
  readonly en: string;
  readonly zh: string;
}

/** Words of a kind within its family; `*` speaks for every other kind of it. */
const WORDS: Readonly<Record<ErrorFamily, Readonly<Record<string, Words>>>> = {
  dns: {
    ENOTFOUND: {
      en: "The target's name does not resolve: check its spelling and the resolver.",
      zh: '目标域名无法解析：请检查拼写和 DNS 设置。',
    },
    silent: { en: 'The resolver did not answer in time.', zh: 'DNS 服务器未在时限内应答。' },
    '*': { en: "The target's name could not be resolved.", zh: '目标域名解析失败。' },
  },
  tcp: {
    ECONNREFUSED: {
      en: 'Nothing listens at the target, or its queue of new connections is full.',
      zh: '目标端口无人监听，或其连接队列已满。',
    },
    ECONNRESET: {
      en: 'The target, or something before it, reset the connection while it was being opened.',
      zh: '建立连接时被目标或中间设备重置。',
    },
    silent: {
      en: 'The target did not take the connection in time: packets are dropped, or its queue is full.',
      zh: '目标未在时限内接受连接：报文被丢弃或队列已满。',
    },
    closed: { en: 'The target closed the connection while it was being opened.', zh: '连接建立过程中被目标关闭。' },
    NO_ENDPOINT: { en: 'The target names no unencrypted endpoint.', zh: '目标没有配置非加密的接入点。' },
    '*': { en: 'The TCP connection could not be opened.', zh: 'TCP 连接建立失败。' },
  },
  tls: {
    silent: { en: 'The TLS handshake did not end in time.', zh: 'TLS 握手超时。' },
    closed: { en: 'The target closed the connection during the TLS handshake.', zh: '目标在 TLS 握手期间关闭了连接。' },
    ECONNRESET: { en: 'The target reset the connection during the TLS handshake.', zh: '目标在 TLS 握手期间重置了连接。' },
    CERT_HAS_EXPIRED: { en: "The target's certificate has expired.", zh: '目标的证书已过期。' },
    ERR_TLS_CERT_ALTNAME_INVALID: { en: "The target's certificate is for another name.", zh: '目标证书中的名称与主机名不符。' },
    NO_ENDPOINT: { en: 'The target names no encrypted endpoint.', zh: '目标没有配置加密的接入点。' },
    '*': { en: 'The TLS handshake failed, or the certificate is not trusted.', zh: 'TLS 握手失败，或证书不受信任。' },
  },
  ws: {
    silent: { en: 'The WebSocket upgrade was not answered in time.', zh: 'WebSocket 升级请求超时未应答。' },
    closed: { en: 'The target closed the connection during the WebSocket upgrade.', zh: '目标在 WebSocket 升级期间关闭了连接。' },
    '*': { en: 'The target did not accept the WebSocket upgrade.', zh: '目标未接受 WebSocket 升级。' },
  },
  connack: {
    'connack 1': { en: 'The platform refused the protocol version.', zh: '平台拒绝了该协议版本。' },
    'connack 2': { en: 'The platform refused the client identifier or the way of connecting.', zh: '平台拒绝了 ClientId 或接入方式。' },
    'connack 4': { en: 'The platform refused the signature or the credentials.', zh: '平台拒绝了签名或凭据。' },
    'connack 5': { en: 'The platform did not authorise the device.', zh: '平台未授权该设备。' },
    malformed: { en: 'The answer to CONNECT was no valid CONNACK.', zh: '对 CONNECT 的应答不是合法的 CONNACK。' },
    closed: { en: 'The platform closed the connection instead of answering CONNECT.', zh: '平台未应答 CONNECT 便关闭了连接。' },
    silent: { en: 'The platform did not answer CONNECT in time.', zh: '平台未在时限内应答 CONNECT。' },
    '*': { en: 'The platform refused the connection.', zh: '平台拒绝了连接。' },
  },
  reply: {
    malformed: { en: 'A reply broke the protocol, or was meant for another device.', zh: '应答不符合协议，或属于其他设备。' },
    closed: { en: 'The platform closed the connection before it replied.', zh: '平台在应答之前关闭了连接。' },
    silent: { en: 'The platform accepted the request and then did not reply in time.', zh: '平台已接受请求，但未在时限内应答。' },
    '*': { en: 'The reply did not come as it should.', zh: '应答异常。' },
  },
  session: {
    malformed: { en: 'The platform sent a packet that is no MQTT.', zh: '平台发送的报文不符合 MQTT。' },
    closed: { en: 'An established connection was lost.', zh: '已建立的连接丢失。' },
    silent: { en: 'An established connection fell silent.', zh: '已建立的连接失去响应。' },
    '*': { en: 'An established connection failed.', zh: '已建立的连接发生故障。' },
  },
  http: {
    malformed: { en: 'The answer to the HTTPS registration was not understood.', zh: '无法理解 HTTPS 注册的应答。' },
    '*': { en: 'The platform refused the HTTPS registration.', zh: '平台拒绝了 HTTPS 注册。' },
  },
  throttled: {
    '*': {
      en: 'The platform is at its limits and said "not now": lower the rate. This is no failure.',
      zh: '平台已达限流上限，暂不接受：请降低速率。这不算失败。',
    },
  },
  'own fault': {
    reset: {
      en: 'The bad network that the plan asks for reset the connection: the platform had no part in it.',
      zh: '连接由计划中设定的网络故障重置，与平台无关。',
    },
    'half-open': {
      en: 'The bad network that the plan asks for made the connection half-open: the platform had no part in it.',
      zh: '连接由计划中设定的网络故障变为半开状态，与平台无关。',
    },
    '*': { en: 'The bad network that the plan asks for broke the connection.', zh: '连接由计划中设定的网络故障中断。' },
  },
  local: {
    ports: { en: 'This machine ran out of local ports towards the target.', zh: '本机到目标的本地端口已用尽。' },
    descriptors: { en: 'This machine ran out of open files: raise `ulimit -n`.', zh: '本机打开文件数已达上限：请提高 ulimit -n。' },
    'browser-cap': { en: 'The browser allows no more WebSockets.', zh: '浏览器不允许建立更多 WebSocket。' },
    'generator-late': { en: 'The generator was too late to make the attempt.', zh: '负载发生器过迟，未能发起该次尝试。' },
    'worker-died': { en: 'A worker thread of Muster died with its units.', zh: 'Muster 的一个工作线程异常终止，其设备随之中断。' },
    relay: { en: 'The relay could not carry the attempt.', zh: '中继未能承载该次尝试。' },
    '*': { en: "An attempt failed on this machine's own limits.", zh: '受本机自身限制，尝试失败。' },
  },
  fault: {
    '*': { en: 'A fault of Muster itself: please report it.', zh: 'Muster 自身的故障：请反馈。' },
  },
};

/** Words of a close that fell to a fleet over a limit of its target. */
const OVER: Readonly<Record<LimitName, Words>> = {
  'new-connections': {
    en: 'Closed while the fleet opened more connections a second than the target takes: probably throttled, lower the rate.',
    zh: '关闭时设备群每秒新建连接数超过目标上限：很可能被限流，请降低速率。',
  },
  'device-connects': {
    en: 'Closed while the device connected more often in a minute than the target allows: probably throttled.',
    zh: '关闭时该设备每分钟连接次数超过目标上限：很可能被限流。',
  },
  'device-publishes': {
    en: 'Closed while the device published more in a second than the target takes: probably throttled, publish less often.',
    zh: '关闭时该设备每秒发布消息数超过目标上限：很可能被限流，请降低发布频率。',
  },
};
const OVER_LIMIT = /\(over limit: ([a-z-]+)\)$/;

const UNKNOWN: Words = { en: 'The attempt failed.', zh: '尝试失败。' };

/** What a kind of error means, for people. */
export function errorWords(family: ErrorFamily, kind: string): Words {
  const limit = OVER_LIMIT.exec(kind)?.[1];
  if (limit !== undefined && Object.hasOwn(OVER, limit)) return OVER[limit as LimitName];
  const words = WORDS[family];
  return words[kind] ?? words['*'] ?? UNKNOWN;
}
