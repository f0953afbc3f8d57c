import { describe, expect, it } from 'vitest';
import { CODE_MEANINGS, codeMeaning, CONNACK, connackMeaning, HTTP_CODE, MQTT5_REASON } from './codes.ts';

describe('codes', () => {
  it('has words for every code it names', () => {
    for (const code of Object.values(HTTP_CODE)) expect(codeMeaning(code)).toBe(CODE_MEANINGS[code]);
    const words = Object.values(CONNACK).map(connackMeaning);
    expect(new Set(words).size).toBe(6);
    expect(words.some((w) => w.startsWith('unknown'))).toBe(false);
  });

  it('numbers CONNACK as MQTT 3.1.1 does, not as the comments of K1 (C7)', () => {
    expect(CONNACK).toEqual({ accepted: 0, protocol: 1, identifier: 2, unavailable: 3, credentials: 4, unauthorized: 5 });
    expect([2, 3, 4].map((c) => MQTT5_REASON[c as 2 | 3 | 4])).toEqual([0x85, 0x88, 0x86]);
  });

  it('names what it does not know', () => {
    expect(connackMeaning(6)).toBe('unknown CONNACK code 6');
    expect(codeMeaning(1)).toBe('unknown code 1');
    expect(codeMeaning(Number.NaN)).toBe('unknown code NaN');
    expect(codeMeaning(99999)).toContain('unknown');
    expect(codeMeaning(100000)).toContain('device');
    expect(codeMeaning(110000)).toContain('device');
    expect(codeMeaning(110001)).toContain('unknown');
  });
});
