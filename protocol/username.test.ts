import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsername, parseUsername } from './username.ts';

const deviceName = fc.stringMatching(/^[A-Za-z0-9\-_.@:]{4,32}$/);
const productKey = fc.stringMatching(/^[A-Za-z0-9]{1,20}$/);

describe('user name', () => {
  it('joins and parts', () => {
    expect(formatUsername('sensor-0001', 'a1B2c3D4e5F')).toBe('sensor-0001&a1B2c3D4e5F');
    expect(parseUsername('a@b.c:d_e-f&pk')).toEqual({ deviceName: 'a@b.c:d_e-f', productKey: 'pk' });
  });

  it('parse(format(x)) = x', () => {
    fc.assert(
      fc.property(deviceName, productKey, (dn, pk) => {
        expect(parseUsername(formatUsername(dn, pk))).toEqual({ deviceName: dn, productKey: pk });
      }),
    );
  });

  it.each([
    '',
    '&',
    'pk',
    'sensor-0001',
    'sensor-0001&',
    '&a1B2c3D4e5F',
    'abc&pk',
    `${'a'.repeat(33)}&pk`,
    'sensor-0001&pk&x',
    'sensor-0001&pk&',
    'sensor-0001&&pk',
    'sensor-0001&p-k',
    'sensor 0001&pk',
    'sensor-0001&pk\n',
    'sensor/0001&pk',
    `sensor-0001&${'p'.repeat(21)}`,
  ])('refuses %j', (raw) => {
    expect(() => parseUsername(raw)).toThrow(expect.objectContaining({ name: 'ProtocolError', kind: 'username' }));
  });

  it('is not built from illegal parts', () => {
    expect(() => formatUsername('a&bcd', 'pk')).toThrow(expect.objectContaining({ kind: 'device-name' }));
    expect(() => formatUsername('abcd', 'p&k')).toThrow(expect.objectContaining({ kind: 'product-key' }));
  });
});
