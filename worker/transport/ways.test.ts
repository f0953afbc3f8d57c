// A way to be carried that a transport does not know is said, never passed over: a case would judge what it did not send.
import { describe, expect, test } from 'vitest';
import { ambientClock } from '../../kernel/clock.ts';
import { memoryTransport } from './memory.ts';
import { permitsKeyEncipherment } from './certificate.node.ts';
import { tcpTransport } from './tcp.node.ts';
import type { Transport, Way } from './transport.ts';

const clock = ambientClock();
const missing = (stage: 'tls' | 'ws') => ({ ok: false, outcome: { kind: 'unreachable', stage, code: 'NO_ENDPOINT' } });

describe.each<[string, Transport]>([
  [
    'memory',
    memoryTransport(clock, () => {
      throw new Error('dialled all the same');
    }),
  ],
  ['sockets with TLS only', tcpTransport({ endpoints: { mqtts: 'mqtts://127.0.0.1:1' }, clock, timeouts: { dial: 1_000 } })],
])('%s', (_name, transport) => {
  test.each<Way>([{ over: 'websocket' }, { frames: 'text' }, { over: 'websocket', tls: 'TLSv1' }])('has no way %j', async (way) => {
    expect(await transport.dial('encrypted', way)).toEqual(missing(way.tls === undefined ? 'ws' : 'tls'));
  });

  test('has no TLS in clear', async () => {
    expect(await transport.dial('plain', { tls: 'shipped-firmware' })).toEqual(missing('tls'));
  });
});

/** The extension keyUsage as DER has it (RFC 5280, section 4.2.1.3), with something before and behind. */
const der = (hex: string): Buffer => Buffer.from(`3003020101${hex}3000`, 'hex');

test.each([
  ['critical, signature and encipherment', der('0603551d0f0101ff0404030205a0'), true],
  ['not critical, encipherment', der('0603551d0f040403020520'), true],
  ['critical, signature alone', der('0603551d0f0101ff040403020780'), false],
  ['not critical, signature and agreement', der('0603551d0f040403020388'), false],
  ['no such extension', der(''), true],
] as const)('a certificate: %s', (_what, certificate, permits) => {
  expect(permitsKeyEncipherment(certificate)).toBe(permits);
});
