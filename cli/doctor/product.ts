// Is the product certificate right, and is dynamic registration on? HTTPS registration tells by its codes, without consuming anything: a name
// that nobody added is asked for. Over MQTT the answers are alike, so only a probe that registers can tell, and it spends a ClientID.
import { request } from 'node:https';
import { messageOf } from '../../kernel/errors.ts';
import { ambientClock } from '../../kernel/clock.ts';
import { ALPHANUMERIC, secureRandom } from '../../kernel/random.ts';
import { outcomeKey, type Outcome } from '../../kernel/trace/outcome.ts';
import { registrationContent } from '../../protocol/content.ts';
import { formatRegisterForm, parseHttpReply } from '../../protocol/http-register.ts';
import { sign } from '../../protocol/sign.ts';
import { openReferenceSession } from '../../worker/session/reference.ts';
import { DEFAULT_TIMEOUTS } from '../../worker/session/session.ts';
import { tcpTransport } from '../../worker/transport/tcp.node.ts';
import { Unit, type Bend } from '../../worker/unit/unit.ts';
import type { RemoteTarget } from '../target.ts';
import { ok, problem, unknown, warning, type Examination } from './examination.ts';

const WAIT_MS = 10_000;
const NAME_LENGTH = 10;

interface HttpAnswer {
  readonly date: string | null;
  readonly status: number;
  readonly body: string;
}

export interface HttpExamination {
  readonly found: readonly Examination[];
  /** Date header of the answer. */
  readonly date: string | null;
}

/** Asks over HTTPS for the secret of a name that nobody added: signed right, then signed wrong. */
export async function examineOverHttps(url: string, target: RemoteTarget): Promise<HttpExamination> {
  const deviceName = `muster-doctor-${secureRandom().text(NAME_LENGTH, ALPHANUMERIC)}`;
  const { productKey, productSecret } = target;
  const ask = (secret: string): Promise<HttpAnswer | string> => {
    const random = secureRandom().text(NAME_LENGTH, ALPHANUMERIC);
    const signature = sign('hmacsha256', secret, registrationContent({ deviceName, productKey, random }));
    return post(url, formatRegisterForm({ deviceName, productKey, random, sign: signature, signMethod: 'hmacsha256' }), target);
  };
  const right = await ask(productSecret);
  if (typeof right === 'string')
    return { found: [problem('https', `it does not answer (${right})`, 'check the endpoint https of the target')], date: null };
  const reply = tolerant(right.body);
  if (!reply)
    return {
      found: [
        problem('https', `HTTP ${right.status} without a registration answer`, 'the path is /auth/register/device: check the endpoint'),
      ],
      date: right.date,
    };
  return { found: productOf(reply.code, productKey), date: right.date };
}

/** What the code of an HTTPS registration says of the product (section 7.2 of the protocol notes). */
function productOf(code: number, productKey: string): Examination[] {
  switch (code) {
    case 6250:
      return [problem('product', `the platform knows no product ${productKey} (6250)`, 'check product.key and the region of the endpoint')];
    case 6600:
      return [
        problem(
          'product',
          'the signature was refused (6600): the ProductSecret is wrong',
          'copy it again; `muster doctor signature` explains a signature of your firmware',
        ),
      ];
    case 6288:
      return [
        ok('product', `the platform knows ${productKey}`),
        problem('switch', 'Dynamic Registration is off for the product (6288)', 'turn it on in the console'),
      ];
    case 200:
      return [warning('product', 'a name that nobody added was given a secret', 'the platform will not pass RULE-16')];
    case 6292:
      return [unknown('product', 'HmacSHA256 is not supported over HTTPS (6292)')];
    default:
      return [
        ok('product', `${productKey} and its secret are right (the unknown name was refused with ${code})`),
        ok('switch', 'Dynamic Registration is on'),
      ];
  }
}

/** Registers one unit without pre-registration, and one with a wrong signature, over MQTT. Spends one ClientID. */
export async function probeOverMqtt(target: RemoteTarget): Promise<Examination[]> {
  const right = await registers(target, {});
  if (right.kind === 'issued')
    return [ok('product', 'a unit registered: ProductKey and ProductSecret are right'), ok('switch', 'Dynamic Registration is on')];
  const wrong = await registers(target, { productSecret: `not-${target.productSecret}` });
  const said = `a registration was ${outcomeKey(right)}, one that was signed wrongly ${outcomeKey(wrong)}`;
  if (right.kind !== 'refused')
    return [problem('product', said, 'the platform does not answer as the protocol says; the suite will say more')];
  if (outcomeKey(right) !== outcomeKey(wrong))
    return [
      problem(
        'switch',
        `${said}: the signature is right, something else was refused`,
        'is Dynamic Registration on, and is preregistration-free offered here?',
      ),
    ];
  return [
    problem(
      'product',
      `${said}: the answers are alike`,
      'check ProductKey and ProductSecret, that Dynamic Registration is on, and that this instance offers preregistration-free',
    ),
  ];
}

async function registers(target: RemoteTarget, bend: Bend): Promise<Outcome> {
  const clock = ambientClock();
  const unit = new Unit(
    {
      unitId: 'doctor',
      mode: 'regnwl',
      productKey: target.productKey,
      productSecret: target.productSecret,
      deviceName: `muster-doctor-${secureRandom().text(NAME_LENGTH, ALPHANUMERIC)}`,
    },
    {
      clock,
      random: secureRandom(),
      transport: tcpTransport({ ...target.sockets, clock, timeouts: DEFAULT_TIMEOUTS }),
      openSession: openReferenceSession,
      timeouts: DEFAULT_TIMEOUTS,
      edition: target.edition,
      signMethod: 'hmacsha256',
      ...(target.instanceId === undefined ? {} : { instanceId: target.instanceId }),
    },
  );
  try {
    return await unit.register(bend);
  } finally {
    await unit.disconnect();
  }
}

function post(url: string, body: string, { sockets }: RemoteTarget): Promise<HttpAnswer | string> {
  return new Promise((resolve) => {
    const call = request(
      url,
      {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
        timeout: WAIT_MS,
        ...(sockets.ca === undefined ? {} : { ca: sockets.ca }),
        ...(sockets.serverName === undefined ? {} : { servername: sockets.serverName }),
        rejectUnauthorized: sockets.insecure !== true,
        agent: false,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ date: answer.headers.date ?? null, status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    call.on('timeout', () => call.destroy(new Error(`silent for ${WAIT_MS / 1000} s`)));
    call.on('error', (error) => resolve(messageOf(error)));
    call.end(body);
  });
}

function tolerant(body: string): { code: number } | undefined {
  try {
    return parseHttpReply(body);
  } catch {
    return undefined;
  }
}
