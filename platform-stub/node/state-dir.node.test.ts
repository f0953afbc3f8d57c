// What outlives a stub, and who may read it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../kernel/errors.ts';
import { openStateDir } from './state-dir.node.ts';
import { DEFAULT_NAMES, makeAuthority } from './tls.node.ts';

const root = mkdtempSync(join(tmpdir(), 'muster-state-'));
afterAll(() => rmSync(root, { recursive: true }));
const modeOf = (path: string): number => statSync(path).mode & 0o777;

async function failure(work: Promise<unknown>): Promise<UserError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof UserError)) expect.unreachable(String(error));
  return error;
}

describe('the state directory', () => {
  it('keeps the authority and the leaves over restarts, keys for this user only', async () => {
    const dir = join(root, 'kept', 'deeper');
    const first = await openStateDir(dir);
    expect(modeOf(dir)).toBe(0o700);
    for (const key of ['ca.key', 'rsa.key', 'ec.key']) expect(modeOf(join(dir, key)), key).toBe(0o600);
    expect(readFileSync(first.caPath, 'utf8')).toBe(first.certificates.caPem);
    first.remove();
    chmodSync(join(dir, 'ca.key'), 0o644);
    const second = await openStateDir(dir);
    expect(second.certificates).toEqual(first.certificates);
    expect(modeOf(join(dir, 'ca.key'))).toBe(0o600);
  });

  it('issues leaves again when a name is new or a leaf is broken; the authority stays', async () => {
    const dir = join(root, 'names');
    const first = await openStateDir(dir);
    const second = await openStateDir(dir, [...DEFAULT_NAMES, '192.0.2.7', 'muster.example']);
    expect(second.certificates.caPem).toBe(first.certificates.caPem);
    expect(new X509Certificate(second.certificates.rsa.cert).checkIP('192.0.2.7')).toBeDefined();
    expect(new X509Certificate(second.certificates.ec.cert).checkHost('muster.example')).toBeDefined();
    writeFileSync(join(dir, 'rsa.pem'), 'garbage');
    writeFileSync(join(dir, 'ec.key'), 'garbage');
    const third = await openStateDir(dir, [...DEFAULT_NAMES, '192.0.2.7', 'muster.example']);
    expect(third.certificates.caPem).toBe(first.certificates.caPem);
    expect(third.certificates.ec).not.toEqual(second.certificates.ec);
    expect(readFileSync(join(dir, 'rsa.pem'), 'utf8')).toBe(third.certificates.rsa.cert);
  });

  it('never replaces an authority that devices may trust', async () => {
    const dir = join(root, 'broken');
    await openStateDir(dir);
    writeFileSync(join(dir, 'ca.key'), (await makeAuthority()).key);
    for (const content of [readFileSync(join(dir, 'ca.key'), 'utf8'), 'garbage']) {
      writeFileSync(join(dir, 'ca.key'), content);
      const error = await failure(openStateDir(dir));
      expect(error.message).toContain(dir);
      expect(error.remedy).toContain('ca.key');
      expect(error.exit).toBe(3);
    }
  });

  it('is a fresh one of this run without a name, which nobody else can enter and which goes', async () => {
    const dir = await openStateDir(undefined);
    expect(modeOf(dir.path)).toBe(0o700);
    const token = dir.write('operator-token', 'x');
    expect(modeOf(token)).toBe(0o600);
    dir.remove();
    dir.remove();
    expect(existsSync(dir.path)).toBe(false);
  });

  it('says which directory cannot be used', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    for (const dir of [file, join(file, 'below')]) expect((await failure(openStateDir(dir))).message).toContain(dir);
  });
});
