// A registration connection that the device leaves open, in either mode.
import { REGISTRATION_CLOSE_MS } from '../../../protocol/limits.ts';
import { definePlatformCase, type PlatformCase } from '../../engine/case.ts';
import { nameFor, PROFILE, type Mode } from './by-mode.ts';

/** The documents leave open whether the time counts from CONNACK or from the reply, and clocks are not equal. */
const TOLERANCE_MS = 2_000;

/** The case of a mode. */
export function lingeringCase(mode: Mode, id: string, title: PlatformCase['title']): PlatformCase {
  return definePlatformCase({
    id,
    title,
    profiles: [PROFILE[mode]],
    needs: 'cell',
    async drive(t) {
      const unit = t.unit('unit', { mode, deviceName: await nameFor(t, mode, 'unit') });
      await unit.register('register', { linger: true });
      await unit.watch('linger', REGISTRATION_CLOSE_MS + 2 * TOLERANCE_MS);
      await unit.connect('connect');
    },
    checks: [
      { id: 'credentials-issued', rule: 'RULE-05', oracle: 'issued', on: { attempt: 'register' } },
      {
        id: 'ended-after-15-s',
        rule: 'RULE-06',
        oracle: 'endedByPlatform',
        on: { span: 'linger', notBefore: REGISTRATION_CLOSE_MS - TOLERANCE_MS, notAfter: REGISTRATION_CLOSE_MS + TOLERANCE_MS },
      },
      { id: 'counts-from', rule: 'RULE-06', oracle: 'closeCountsFrom', on: { register: 'register', linger: 'linger' }, reading: true },
      { id: 'usable-afterwards', rule: mode === 'register' ? 'RULE-18' : 'RULE-05', oracle: 'accepted', on: { attempt: 'connect' } },
    ],
  });
}
