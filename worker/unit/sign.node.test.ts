import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sign, SIGN_METHODS } from '../../protocol/sign.ts';
import { signInNode } from './sign.node.ts';

describe('signInNode', () => {
  it('signs as the protocol does, whatever the key and the text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(fc.constantFrom(...SIGN_METHODS), text, text, (method, key, content) => {
        expect(signInNode(method, key, content)).toBe(sign(method, key, content));
      }),
    );
  });

  it('writes a lone surrogate as the protocol does', () => {
    expect(signInNode('hmacsha256', '\ud800', 'a\udfff')).toBe(sign('hmacsha256', '\ud800', 'a\udfff'));
  });
});
