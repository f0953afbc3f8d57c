// The stub alone in a process, for `stub-load.bench.ts` to load and to measure: it tells its own CPU and memory, so that nothing of the
// client is counted. Talks over IPC; run with `--expose-gc`.
import { ambientClock } from '../../kernel/clock.ts';
import { secureRandom, ALPHANUMERIC } from '../../kernel/random.ts';
import { registrationContent } from '../../protocol/content.ts';
import { registrationIdentifier } from '../../protocol/identifier.ts';
import { parseReply } from '../../protocol/payload.ts';
import { sign } from '../../protocol/sign.ts';
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { startStub } from '../../platform-stub/node/listen.node.ts';
import { makeCertificates } from '../../platform-stub/node/tls.node.ts';
import { Platform } from '../../platform-stub/platform.ts';

const clock = ambientClock();
const productKey = 'a1Bench0001';
const productSecret = 'bench-secret-0001';
const platform = new Platform({ clock, seed: 'bench' });
platform.operate({ action: 'CreateProduct', productKey, productSecret, dynamicRegistration: true });
const front = await createMqttFront(platform, { drainTimeoutMs: 10_000 });
const certificates = await makeCertificates();
const operatorToken = secureRandom().text(32, ALPHANUMERIC);
const stub = await startStub({ platform, front, ports: 'auto', certificates, operatorToken, clock });

/** Credentials of a device that registered; its connection is not among those measured. */
function provision(deviceName: string): { clientId: string; deviceToken: string; username: string } {
  const random = '1';
  const session = platform.open(() => undefined);
  const decision = platform.connect({
    session,
    facts: { kind: 'memory', encrypted: true, peer: 'bench', port: 0 },
    identifier: registrationIdentifier({ clientPart: deviceName, authType: 'regnwl', random, signMethod: 'hmacsha1', secureMode: '2' }),
    username: `${deviceName}&${productKey}`,
    password: sign('hmacsha1', productSecret, registrationContent({ deviceName, productKey, random })),
    keepAlive: 60,
  });
  platform.closed(session);
  if (decision.kind !== 'registered') throw new Error(`${deviceName} was not registered`);
  const reply = parseReply(decision.payload);
  if (reply.kind !== 'regnwl') throw new Error('another reply');
  return { clientId: reply.clientId, deviceToken: reply.deviceToken, username: `${deviceName}&${productKey}` };
}

function measure(): object {
  const cpu = (): number => {
    const { user, system } = process.cpuUsage();
    return user + system;
  };
  const cpuMicros = cpu();
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  // Collecting garbage here is nobody's cost.
  return { cpuMicros, cpuMicrosAfter: cpu(), heapBytes: heapUsed + external, rssBytes: rss };
}

process.on('message', (asked: { readonly provision?: number; readonly measure?: true; readonly count?: true; readonly end?: true }) => {
  if (asked.provision !== undefined) {
    process.send?.(Array.from({ length: asked.provision }, (_, i) => provision(`bench-${i}`)));
  } else if (asked.count) process.send?.({ online: platform.openSessions });
  else if (asked.end) void stub.close().then(() => process.disconnect());
  else process.send?.(measure());
});
process.send?.(stub.ports);
