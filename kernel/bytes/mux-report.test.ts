import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReport, type RelayReport } from './mux-report.ts';

const MS = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0);
const STAGE = fc.constantFrom('dns' as const, 'tcp' as const, 'tls' as const, 'ws' as const);
const REPORT: fc.Arbitrary<RelayReport> = fc.oneof(
  fc.record({ firstByteMs: MS }),
  fc.record({ up: fc.record({ tcpMs: MS, tlsMs: MS, waitedMs: MS }, { requiredKeys: ['tcpMs'] }) }),
  fc.record({ failed: fc.record({ kind: fc.constant('unreachable' as const), stage: STAGE, code: fc.string() }) }),
  fc.record({ failed: fc.record({ kind: fc.constant('silent' as const), stage: STAGE, waitedMs: MS }) }),
  fc.record({
    failed: fc.record({
      kind: fc.constant('local' as const),
      reason: fc.constantFrom('ports' as const, 'descriptors' as const, 'relay' as const),
    }),
  }),
);

describe('what a relay tells', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(REPORT, (report) => {
        expect(readReport(JSON.stringify(report))).toEqual(report);
      }),
    );
  });

  it('is nothing while it is torn', () => {
    fc.assert(
      fc.property(REPORT, fc.nat(), (report, at) => {
        const text = JSON.stringify(report);
        expect(readReport(text.slice(0, at % text.length))).toBeUndefined();
      }),
    );
  });

  it('is a report or nothing, whatever text or JSON comes', () => {
    const known = ['up', 'failed', 'firstByteMs', 'tcpMs', 'tlsMs', 'kind', 'stage', 'code', 'waitedMs', 'reason'];
    const key = fc.oneof(fc.constantFrom(...known), fc.string());
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('unreachable', 'silent', 'local', 'tcp', 'relay', null, -1, 0, 1, true),
        fc.dictionary(key, tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          value.map((one) => JSON.stringify(one)),
        ),
        (text) => {
          const report = readReport(text);
          if (report === undefined) return;
          expect(Object.keys(report)).toHaveLength(1);
          if ('up' in report) expect([report.up.tcpMs, report.up.tlsMs ?? 0].every((ms) => ms >= 0)).toBe(true);
          if ('firstByteMs' in report) expect(report.firstByteMs).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it.each([
    '{"firstByteMs":-1}',
    '{"firstByteMs":"1"}',
    '{"firstByteMs":null}',
    '{"up":{}}',
    '{"up":{"tcpMs":-0.1}}',
    '{"up":{"tlsMs":1}}',
    '{"failed":{}}',
    '{"failed":{"kind":"unreachable","stage":"tcp"}}',
    '{"failed":{"kind":"unreachable","stage":"connack","code":"X"}}',
    '{"failed":{"kind":"silent","stage":"tls"}}',
    '{"failed":{"kind":"silent","stage":"tls","waitedMs":"1"}}',
    '{"failed":{"kind":"local","reason":"browser-cap"}}',
    '{"failed":{"kind":"refused","by":"connack","code":4}}',
    '{"failed":{"kind":"accepted","stage":"tcp","code":"X"}}',
    '{"__proto__":{"firstByteMs":1}}',
    '[{"firstByteMs":1}]',
    'null',
    '1',
    '',
  ])('is nothing where a field is wrong: %s', (text) => {
    expect(readReport(text)).toBeUndefined();
  });

  it('has no time for TLS, or of waiting, where that is wrong: the rest stands', () => {
    expect(readReport('{"up":{"tcpMs":1,"tlsMs":-1,"waitedMs":"1"}}')).toEqual({ up: { tcpMs: 1 } });
  });

  it('is not held up by nesting', () => {
    expect(readReport('['.repeat(100_000))).toBeUndefined();
    expect(readReport(`{"up":${'{"up":'.repeat(500)}1${'}'.repeat(500)}}`)).toBeUndefined();
  });
});
