// Cases over real connections: every check passes on the stub, reads its options, and turns where a platform is wrong in one way.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tapped } from '../../kernel/bytes/tap.ts';
import type { ByteStream } from '../../kernel/bytes/stream.ts';
import { makeCertificates, type Certificates } from '../../platform-stub/node/tls.node.ts';
import type { Options } from '../../platform-stub/core/options.ts';
import { CASES } from '../engine/cases.ts';
import type { CheckResult } from '../judge/judge.ts';
import { carelessRig, judgedAt, stubRig, type Rig } from './sockets.testkit.ts';

const OVER_SOCKETS = CASES.filter((one) => one.direction === 'platform' && one.needs === 'sockets').map((one) => one.id);

let certificates: Certificates;
const open: Rig[] = [];
beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(async () => {
  for (const rig of open.splice(0)) await rig.close();
});

async function kept(rig: Promise<Rig>): Promise<Rig> {
  open.push(await rig);
  return rig;
}

/** Verdicts of a case that are no pass, by the id of their check. */
async function wrongAt(rig: Rig, caseId: string, ca = certificates.caPem): Promise<Record<string, CheckResult['verdict']>> {
  const checks = await judgedAt(rig, caseId, ca);
  return Object.fromEntries(checks.filter((one) => one.verdict !== 'pass').map((one) => [one.id, one.verdict]));
}

describe('on the stub', () => {
  test.each(OVER_SOCKETS)('%s passes', async (caseId) => {
    expect(await wrongAt(await kept(stubRig(certificates, {})), caseId)).toEqual({});
  });

  test.each([
    [{ wsRegistration: 'accepted' }, 'platform/transport/websocket', 'in-clear'],
    [{ plainHttp: 'accepted' }, 'platform/registration/https', 'in-clear'],
  ] as const)('%j is read by %s#%s, and nothing else changes', async (options: Partial<Options>, caseId, check) => {
    const readings: unknown[] = [];
    for (const set of [{}, options]) {
      const rig = await kept(stubRig(certificates, set));
      expect(await wrongAt(rig, caseId)).toEqual({});
      readings.push(
        (await judgedAt(await kept(stubRig(certificates, set)), caseId, certificates.caPem)).find((one) => one.id === check)?.reading,
      );
    }
    expect(readings[0]).toBeDefined();
    expect(readings[1]).not.toEqual(readings[0]);
  });
});

/** A platform that takes what comes first for a whole packet, and hangs up where it is none. */
function wholeOrNothing(stream: ByteStream): ByteStream {
  return {
    // What passes is heard here; the rest is the stream's own.
    ...tapped(stream, { sent: () => undefined, received: () => undefined, closed: () => undefined }),
    attach(handlers) {
      let isFirst = true;
      let over = false;
      stream.attach({
        ...handlers,
        data(bytes) {
          if (over) return;
          // What a CONNECT of a few hundred bytes says of its own length.
          const length = ((bytes[1] ?? 0) & 0x7f) + ((bytes[2] ?? 0) << 7) + 3;
          over = isFirst && bytes.length < length;
          isFirst = false;
          // The rest is still read: a system resets a connection that is closed with bytes unread, and a reset proves nothing.
          if (over) return stream.end();
          handlers.data(bytes);
        },
      });
    },
  };
}

/** A certificate for localhost whose key may sign, and may not decrypt. */
function forSignaturesOnly(): { key: string; cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'muster-usage-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const extensions = ['subjectAltName=DNS:localhost', 'keyUsage=critical,digitalSignature'].flatMap((one) => ['-addext', one]);
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, '-subj', '/CN=localhost'];
  execFileSync('openssl', [...made, ...extensions], { stdio: 'pipe' });
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(dir, { recursive: true });
  return pair;
}

describe('turns where a platform', () => {
  test('takes text frames', async () => {
    const rig = await kept(carelessRig(certificates, {}));
    expect(await wrongAt(rig, 'platform/transport/websocket-frames')).toEqual({
      'text-signs-nobody-in': 'warn',
      'text-registers-nobody': 'warn',
    });
  });

  test('takes the first segment, or the first frame, for a whole packet', async () => {
    const rig = await kept(carelessRig(certificates, { read: wholeOrNothing }));
    expect(await wrongAt(rig, 'platform/transport/connect-in-segments')).toMatchObject({ registers: 'fail' });
    const frames = await wrongAt(await kept(carelessRig(certificates, { read: wholeOrNothing })), 'platform/transport/websocket-frames');
    expect(frames).toMatchObject({ connects: 'fail' });
  });

  test('knows no RSA key exchange', async () => {
    const rig = await kept(carelessRig(certificates, { tls: { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256' } }));
    expect(await wrongAt(rig, 'platform/transport/tls-floor')).toEqual({ registers: 'warn', connects: 'warn' });
  });

  test('shows a certificate without keyEncipherment', async () => {
    const wrong = forSignaturesOnly();
    const rig = await kept(carelessRig(certificates, { tls: wrong }));
    expect(await wrongAt(rig, 'platform/transport/tls-floor', wrong.cert)).toEqual({ registers: 'warn', connects: 'warn' });
  });
});
