import { describe, expect, it } from 'vitest';
import { isClientPart, isDeviceName, isProductKey, requireDeviceName, requireProductKey } from './names.ts';

describe('DeviceName', () => {
  it.each(['abcd', 'a'.repeat(32), 'a-_.@:Z9', '0000', '-_.@:', '868488076506128'])('accepts %j', (s) => {
    expect(isDeviceName(s)).toBe(true);
    expect(requireDeviceName(s)).toBe(s);
  });

  it.each([
    '',
    'abc',
    'a'.repeat(33),
    'ab cd',
    'abcd\n',
    'ab&cd',
    'ab|cd',
    'ab/cd',
    'ab+cd',
    'ab#cd',
    'ab,cd',
    'ab;cd',
    'äbcd',
    'ab\0cd',
    'ab[d',
  ])('refuses %j', (s) => {
    expect(isDeviceName(s)).toBe(false);
    expect(() => requireDeviceName(s)).toThrow(expect.objectContaining({ kind: 'device-name' }));
  });
});

describe('ProductKey', () => {
  it.each(['a', 'a1B2c3D4e5F', 'Z'.repeat(20)])('accepts %j', (s) => {
    expect(isProductKey(s)).toBe(true);
    expect(requireProductKey(s)).toBe(s);
  });

  it.each(['', 'Z'.repeat(21), 'a-b', 'a_b', 'a b', 'a\n', 'a&b', 'a/b', 'é'])('refuses %j', (s) => {
    expect(isProductKey(s)).toBe(false);
    expect(() => requireProductKey(s)).toThrow(expect.objectContaining({ kind: 'product-key' }));
  });
});

describe('client part', () => {
  it('is 1 to 64 characters, counted as code points', () => {
    expect(isClientPart('x')).toBe(true);
    expect(isClientPart('x'.repeat(64))).toBe(true);
    expect(isClientPart('😀'.repeat(64))).toBe(true);
    expect(isClientPart('')).toBe(false);
    expect(isClientPart('x'.repeat(65))).toBe(false);
    expect(isClientPart('😀'.repeat(65))).toBe(false);
    expect(isClientPart('a|b')).toBe(false);
  });
});
