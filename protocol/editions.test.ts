import { describe, expect, it } from 'vitest';
import { DEFAULT_EDITION, EDITIONS, isEditionName, registrationModeParams, type EditionName } from './editions.ts';

const ID = 'iot-06z00abcd';

describe('registrationModeParams', () => {
  it.each<[EditionName, 'register' | 'regnwl', string | undefined, object]>([
    ['doc2020', 'register', undefined, { secureMode: '2' }],
    ['doc2020', 'register', ID, { secureMode: '2' }],
    ['doc2020', 'regnwl', undefined, { secureMode: '2' }],
    ['doc2020', 'regnwl', ID, { secureMode: '2' }],
    ['doc2021', 'register', undefined, { secureMode: '2' }],
    ['doc2021', 'register', ID, { secureMode: '2' }],
    ['doc2021', 'regnwl', undefined, { secureMode: '-2' }],
    ['doc2021', 'regnwl', ID, { secureMode: '-2', instanceId: ID }],
    ['doc2023', 'register', undefined, { secureMode: '2' }],
    ['doc2023', 'register', ID, { secureMode: '-2', instanceId: ID }],
    ['doc2023', 'regnwl', undefined, { secureMode: '2' }],
    ['doc2023', 'regnwl', ID, { secureMode: '-2', instanceId: ID }],
  ])('%s %s on %s', (edition, mode, instanceId, expected) => {
    expect(registrationModeParams(edition, mode, instanceId)).toStrictEqual(expected);
  });
});

describe('EDITIONS', () => {
  it('differ where the documents differ', () => {
    const column = (name: EditionName): unknown[] => {
      const e = EDITIONS[name];
      return [
        e.deviceSecretPolicy,
        e.regnwlOffered,
        e.replyTopic.regnwl,
        e.countLimit,
        e.sessionKey,
        e.pinAfterSwitch,
        e.onKeepaliveAbove1200,
        e.limits,
      ];
    };
    expect(column('doc2020')).toEqual(['stable', 'any', '/ext/regnwl', 'issued', 'device', false, 'clamp', 'off']);
    expect(column('doc2021')).toEqual(['rotate', 'any', '/ext/regnwl', 'issued', 'device', false, 'clamp', 'off']);
    expect(column('doc2023')).toEqual(['rotate', 'enterprise', '/ext/regnwl', 'issued', 'device', false, 'clamp', 'off']);
    expect(DEFAULT_EDITION).toBe('doc2020');
  });

  it('are known by name', () => {
    expect(Object.keys(EDITIONS).every(isEditionName)).toBe(true);
    for (const s of ['', 'doc2022', 'DOC2020', 'toString', '__proto__']) expect(isEditionName(s)).toBe(false);
  });
});
