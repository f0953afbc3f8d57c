/** Whatever a peer sends, a parser answers with a value or a ProtocolError. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.ts';
import { parseHttpReply, parseRegisterForm } from './http-register.ts';
import { parseIdentifier, readLogin } from './identifier.ts';
import { isCompact, parsePostReply, parsePropertyPost, parseReply } from './payload.ts';
import { parseSignMethod } from './sign.ts';
import { parseUsername } from './username.ts';

const TEXT_PARSERS = { parseIdentifier, readLogin, parseUsername, parseSignMethod, parseRegisterForm };
const BODY_PARSERS = { parseReply, parsePropertyPost, parsePostReply, parseHttpReply };

const VALID = [
  'sensor-0001.a1B2c3D4e5F|random=957785166,authType=register,securemode=2,signmethod=hmacsha256|',
  '9rSzYt4js92f000112|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|',
  'a1B2c3D4e5F&sensor-0001|securemode=2,\n        signmethod=hmacsha1,\n        timestamp=1715000000123|',
  'sensor-0001&a1B2c3D4e5F',
  'HmacMD5',
  'productKey=pk&deviceName=a%40b%3A1&random=a+b&sign=ab&signMethod=HmacMD5',
  '{"deviceSecret":"s1","productKey":"pk","deviceName":"dn01"}',
  '{"clientId":"c","productKey":"pk","deviceName":"dn01","deviceToken":"t"}',
  '{"id":"1","version":"1.0","sys":{"ack":0},"params":{"Temp":21.5},"method":"thing.event.property.post"}',
  '{"code":200,"data":{},"id":"1","message":"success","method":"thing.event.property.post","version":"1.0"}',
  '{"code":200,"data":{"deviceName":"dn01","deviceSecret":"s1","productKey":"pk"},"message":"success"}',
];

/** The names of the parsers that gave a value; fails if one throws anything but a ProtocolError. */
function run<T>(parsers: Record<string, (input: T) => unknown>, input: T): string[] {
  return Object.entries(parsers)
    .filter(([name, parse]) => {
      try {
        parse(input);
        return true;
      } catch (e) {
        expect(e, name).toBeInstanceOf(ProtocolError);
        return false;
      }
    })
    .map(([name]) => name);
}

const nasty = fc.constantFrom(
  '|',
  ',',
  '=',
  '&',
  '%',
  '"',
  '{',
  '}',
  '[',
  '\\',
  '\0',
  '\n',
  ' ',
  '\ud800',
  '😀',
  '__proto__',
  '1e999',
  '-',
  'null',
);
const mutation = fc.record({
  at: fc.nat(),
  remove: fc.nat(4),
  insert: fc.oneof(fc.constant(''), nasty, fc.string({ unit: 'binary', maxLength: 3 })),
});
const mutated = fc.tuple(fc.constantFrom(...VALID), fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([valid, mutations]) =>
  mutations.reduce((text, { at, remove, insert }) => {
    const i = at % (text.length + 1);
    return text.slice(0, i) + insert + text.slice(i + remove);
  }, valid),
);

describe('parsers throw nothing but ProtocolError', () => {
  it('every parser gives a value for some of the valid inputs', () => {
    const useful = new Set(VALID.flatMap((v) => [...run(TEXT_PARSERS, v), ...run(BODY_PARSERS, v as string | Uint8Array)]));
    expect([...useful].sort()).toEqual([...Object.keys(TEXT_PARSERS), ...Object.keys(BODY_PARSERS)].sort());
  });

  it('on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (s) => {
        run(TEXT_PARSERS, s);
        run(BODY_PARSERS, s as string | Uint8Array);
        isCompact(s);
      }),
    );
  });

  it('on valid inputs that were damaged', () => {
    fc.assert(
      fc.property(mutated, (s) => {
        run(TEXT_PARSERS, s);
        run(BODY_PARSERS, s as string | Uint8Array);
        isCompact(s);
      }),
      { numRuns: 2000 },
    );
  });

  it('on any bytes, and on JSON of any shape', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        run(BODY_PARSERS, bytes as string | Uint8Array);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (s) => {
        run(BODY_PARSERS, s as string | Uint8Array);
      }),
    );
  });

  it('on things that are neither, as untyped callers may pass', () => {
    for (const odd of [undefined, null, 7, {}, [], Symbol('x'), new ArrayBuffer(3), () => 1]) {
      expect(run(TEXT_PARSERS as Record<string, (x: unknown) => unknown>, odd)).toEqual([]);
      expect(run(BODY_PARSERS as Record<string, (x: unknown) => unknown>, odd)).toEqual([]);
    }
  });

  it('and quickly on long hostile ones', () => {
    for (const piece of ['|', ',', '=', 'a=b,', '&', '%', '[', '{"a":', '"', ' ', '\n']) {
      const long = piece.repeat(Math.floor(65535 / piece.length));
      const start = performance.now();
      run(TEXT_PARSERS, long);
      run(BODY_PARSERS, long as string | Uint8Array);
      expect(performance.now() - start).toBeLessThan(2000);
    }
  });
});
