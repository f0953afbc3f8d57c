import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { nativeHmac, portableHmac, type HashName } from './hmac.ts';

const HASHES: readonly HashName[] = ['md5', 'sha1', 'sha256'];
const kinds = [
  ['portable', portableHmac],
  ['native', nativeHmac],
] as const;

describe.each(kinds)('the %s HMAC', (_, hmacOf) => {
  const hmacs = new Map(HASHES.map((hash) => [hash, hmacOf(hash)]));
  const theirs = (hash: HashName, key: string, content: string): string => createHmac(hash, key).update(content).digest('hex');

  it('gives the digits of createHmac, whatever was signed in between', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 150 }),
      fc.constantFrom('', 'ps-1', 'ps-2', 'k'.repeat(64), 'k'.repeat(65)),
    );
    const content = fc.string({ unit: 'binary', maxLength: 300 });
    const calls = fc.array(fc.tuple(fc.constantFrom(...HASHES), key, content), { maxLength: 40 });
    fc.assert(
      fc.property(calls, (all) => {
        for (const [hash, secret, text] of [...all, ...all, ...all])
          expect(hmacs.get(hash)?.(secret, text)).toBe(theirs(hash, secret, text));
      }),
      { numRuns: 50 },
    );
  });

  it.each(HASHES)('%s: takes a content and a key of any length', (hash) => {
    const long = '\u{1f600}\ud800a'.repeat(30_000);
    expect(hmacs.get(hash)?.(long, long)).toBe(theirs(hash, long, long));
    expect(hmacs.get(hash)?.('k', '')).toBe(theirs(hash, 'k', ''));
  });

  it('is still right after hundreds of other keys', () => {
    const hmac = hmacs.get('sha256');
    const signature = hmac?.('kept', 'x');
    for (let i = 0; i < 300; i++) hmac?.(`device-${i}`, 'x');
    expect([1, 2, 3].map(() => hmac?.('kept', 'x'))).toEqual([signature, signature, signature]);
  });
});

describe('where there is no such hash', () => {
  afterEach(() => void vi.unstubAllGlobals());
  const refuses = (): never => {
    throw new Error('unsupported');
  };

  it.each([
    ['no Node', undefined],
    ['the process of a browser worker', { env: {} }],
    ['an older Node', { getBuiltinModule: () => ({}) }],
    ['a Node under FIPS', { getBuiltinModule: () => ({ hash: refuses }) }],
  ])('%s: no native HMAC', (_, process) => {
    vi.stubGlobal('process', process);
    expect(nativeHmac('md5')).toBeUndefined();
  });
});
