import { describe, expect, it } from 'vitest';
import { connectContent, connectContents, registrationContent } from './content.ts';

const parts = { clientId: 'C', deviceName: 'D', productKey: 'P', timestamp: 'T' };

describe('content', () => {
  it('signs a registration with exactly three keys', () => {
    expect(registrationContent({ deviceName: 'D', productKey: 'P', random: 'R' })).toBe('deviceNameDproductKeyPrandomR');
  });

  it.each([
    [undefined, 'clientIdCdeviceNameDproductKeyPtimestampT'],
    ['clientId+timestamp', 'clientIdCdeviceNameDproductKeyPtimestampT'],
    ['clientId', 'clientIdCdeviceNameDproductKeyP'],
    ['timestamp', 'deviceNameDproductKeyPtimestampT'],
    ['minimal', 'deviceNameDproductKeyP'],
  ] as const)('variant %s', (variant, expected) => {
    expect(connectContent(parts, variant)).toBe(expected);
  });

  it('leaves a timestamp out when there is none', () => {
    expect(connectContent({ ...parts, timestamp: undefined })).toBe('clientIdCdeviceNameDproductKeyP');
    expect(connectContent({ ...parts, timestamp: '' })).toBe('clientIdCdeviceNameDproductKeyPtimestamp');
  });

  it('lists what a verifier has to try, each once', () => {
    expect(connectContents(parts)).toEqual([
      'clientIdCdeviceNameDproductKeyPtimestampT',
      'clientIdCdeviceNameDproductKeyP',
      'deviceNameDproductKeyPtimestampT',
      'deviceNameDproductKeyP',
    ]);
    expect(connectContents({ ...parts, timestamp: undefined })).toEqual(['clientIdCdeviceNameDproductKeyP', 'deviceNameDproductKeyP']);
  });
});
