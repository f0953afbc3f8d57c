import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../kernel/trace/outcome.ts';
import { classify, ERROR_FAMILIES, ErrorTable, isThrottled, mergeErrors } from './errors.ts';
import { errorWords } from './errors-words.ts';

const about = (atMs: number, deviceName = `meter-${atMs}`): { deviceName: string; phase: 'connect'; atMs: number } => ({
  deviceName,
  phase: 'connect',
  atMs,
});

describe('the taxonomy of errors', () => {
  it.each<[Outcome, string | undefined]>([
    [{ kind: 'issued', mode: 'register', via: 'mqtt' }, undefined],
    [{ kind: 'accepted', sessionPresent: false }, undefined],
    [{ kind: 'aborted', by: 'operator' }, undefined],
    [{ kind: 'refused', by: 'connack', code: 4 }, 'connack/connack 4'],
    [{ kind: 'refused', by: 'connack', code: 3 }, 'throttled/connack 3'],
    [{ kind: 'refused', by: 'http', code: 429 }, 'throttled/http 429'],
    [{ kind: 'refused', by: 'http', code: 404 }, 'http/http 404'],
    [{ kind: 'malformed', what: 'packet', why: 'x' }, 'session/malformed'],
    [{ kind: 'malformed', what: 'reply', why: 'x' }, 'reply/malformed'],
    [{ kind: 'closed', stage: 'tls', afterMs: 3 }, 'tls/closed'],
    [{ kind: 'silent', stage: 'dns', waitedMs: 10_000 }, 'dns/silent'],
    [{ kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' }, 'tcp/ECONNREFUSED'],
    [{ kind: 'local', reason: 'descriptors' }, 'local/descriptors'],
  ])('%o is %s', (outcome, expected) => {
    const found = classify(outcome);
    expect(found && `${found.family}/${found.kind}`).toBe(expected);
    expect(isThrottled(outcome)).toBe(expected?.startsWith('throttled') ?? false);
  });

  it('counts a kind once, with its earliest example, over all workers', () => {
    const tables = [new ErrorTable(), new ErrorTable()];
    for (let i = 0; i < 5; i++) tables[0]!.note({ kind: 'silent', stage: 'connack', waitedMs: 10_000 }, about(900 + i));
    tables[1]!.note({ kind: 'silent', stage: 'connack', waitedMs: 10_000 }, about(300));
    tables[1]!.note({ kind: 'unreachable', stage: 'tcp', code: 'ECONNREFUSED' }, about(500));
    tables[1]!.note({ kind: 'accepted', sessionPresent: false }, about(501));
    tables[1]!.fault('our own', about(502));
    const rows = mergeErrors(tables.map((table) => table.rows()));
    expect(rows.map(({ family, kind, count, example }) => [family, kind, count, example.deviceName, example.detail])).toEqual([
      ['tcp', 'ECONNREFUSED', 1, 'meter-500', 'ECONNREFUSED'],
      ['connack', 'silent', 6, 'meter-300', 'for 10000 ms'],
      ['fault', 'exception', 1, 'meter-502', 'our own'],
    ]);
  });

  it('grows with no number of different codes', () => {
    const table = new ErrorTable();
    for (let i = 0; i < 5_000; i++) table.note({ kind: 'unreachable', stage: 'tls', code: `odd code ${i}` }, about(i));
    const rows = table.rows();
    expect(rows.length).toBeLessThanOrEqual(101);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(5_000);
  });

  it('has words in both languages for every family and kind, with an end', () => {
    for (const family of ERROR_FAMILIES) {
      const { en, zh } = errorWords(family, 'never heard of');
      expect(en).toMatch(/^[A-Z].*\.$/);
      expect(zh).toMatch(/[一-龥].*。$/);
    }
    expect(errorWords('connack', 'connack 4').en).toMatch(/signature/);
    expect(errorWords('local', 'descriptors').en).toMatch(/ulimit/);
  });
});
