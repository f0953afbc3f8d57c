// The certificates as a strict verifier sees them. How clients take them is in listen.node.test.ts and test/interop.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_NAMES, issueLeaf, makeAuthority, makeCertificates } from './tls.node.ts';

const certificates = await makeCertificates();

function openssl(args: string[], files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'muster-tls-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    return execFileSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the stub certificates', () => {
  it('make a CA: RSA 2048, SHA-256, may sign certificates and nothing else', () => {
    const text = openssl(['x509', '-in', 'ca.pem', '-noout', '-text'], { 'ca.pem': certificates.caPem });
    expect(text).toMatch(/Public-Key: \(2048 bit\)/);
    expect(text).toMatch(/Signature Algorithm: sha256WithRSAEncryption/);
    expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:TRUE/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text).toContain('X509v3 Subject Key Identifier');
    expect(text).toContain('X509v3 Authority Key Identifier');
  });

  it.each(['rsa', 'ec'] as const)('make a %s leaf that verifies strictly for every name', (kind) => {
    const files = { 'ca.pem': certificates.caPem, 'leaf.pem': certificates[kind].cert };
    const verified = openssl(['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca.pem', 'leaf.pem'], files);
    expect(verified).toContain('leaf.pem: OK');
    const text = openssl(['x509', '-in', 'leaf.pem', '-noout', '-text'], files);
    expect(text).toMatch(
      kind === 'rsa' ? /Key Usage: critical\s+Digital Signature, Key Encipherment/ : /Key Usage: critical\s+Digital Signature\n/,
    );
    const leaf = new X509Certificate(certificates[kind].cert);
    for (const name of [
      'localhost',
      'a1Muster0001.iot-as-mqtt.cn-shanghai.aliyuncs.com',
      'iot-0abc.mqtt.iothub.aliyuncs.com',
      'iot-auth.cn-shanghai.aliyuncs.com',
    ]) {
      expect(leaf.checkHost(name), name).toBeDefined();
    }
    for (const address of ['127.0.0.1', '::1']) expect(leaf.checkIP(address), address).toBeDefined();
    expect(Date.parse(leaf.validFrom)).toBeLessThan(Date.now() - 23 * 3_600_000);
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(Date.now() + 800 * 86_400_000);
  });

  it('can be issued again by an authority that was kept, and wrongly on purpose', async () => {
    const authority = await makeAuthority();
    const again = await makeCertificates([...DEFAULT_NAMES, '192.0.2.7'], authority);
    expect(again.caPem).toBe(authority.cert);
    expect(new X509Certificate(again.ec.cert).checkIP('192.0.2.7')).toBeDefined();
    const expired = await issueLeaf(authority, ['localhost'], 'ec', {
      notBefore: new Date('2020-01-01'),
      notAfter: new Date('2020-02-01'),
    });
    expect(new X509Certificate(expired.cert).validTo).toBe('Feb  1 00:00:00 2020 GMT');
  });
});
