// Programs that may not be here: their tests are skipped then, but never in a pipeline. No test is in this file.
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

export type Mode = 'register' | 'regnwl';
export const MODES = ['register', 'regnwl'] as const satisfies readonly Mode[];
export type SignMethod = 'hmacmd5' | 'hmacsha1' | 'hmacsha256';
export const SIGN_METHODS = ['hmacmd5', 'hmacsha1', 'hmacsha256'] as const satisfies readonly SignMethod[];

/** Can it be started? */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined;
}

/** A `describe` that needs something from outside; `remedy` is how to get it. */
export function describeForeign(name: string, present: boolean, remedy: string, tests: () => void): void {
  if (present) {
    describe(name, tests);
  } else if (process.env.CI) {
    // A proof that was not run must not look like one that was.
    it(`${name} is installed`, () => expect.unreachable(`${name} is missing: ${remedy}`));
  } else {
    it.skip(`SKIPPED, ${name} is not installed: ${remedy}`, () => undefined);
  }
}

/** A signature as a firmware makes it, with nothing of ours: HMAC by Node, hex in small letters. */
export function hmac(method: SignMethod, key: string, content: string): string {
  return createHmac(method.slice('hmac'.length), key).update(content).digest('hex');
}

/** What a device is issued, as a test compares it. */
export function issuedBy(mode: Mode, productKey: string, deviceName: string): object {
  const text: unknown = expect.stringMatching(/^[0-9A-Za-z]{8,63}$/);
  return mode === 'register'
    ? { productKey, deviceName, deviceSecret: text }
    : { productKey, deviceName, clientId: text, deviceToken: text };
}

/** The stub's authority as a file, for programs that want one. */
export function caFileOf(caPem: string): { readonly path: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'muster-interop-'));
  const path = join(dir, 'ca.pem');
  writeFileSync(path, caPem);
  return { path, remove: () => rmSync(dir, { recursive: true }) };
}
