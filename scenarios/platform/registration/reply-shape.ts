// What answers a registration, byte by byte, in one mode.
import { definePlatformCase, type PlatformCase } from '../../engine/case.ts';
import { MODE_EN, MODE_ZH, nameFor, PROFILE, type Mode } from './by-mode.ts';

const LISTEN_MS = 2_000;

/** The case of a mode. */
export function replyShapeCase(mode: Mode): PlatformCase {
  return definePlatformCase({
    id: `platform/${PROFILE[mode]}/reply-shape`,
    title: {
      en: `A registration is answered by CONNACK 0 and by credentials of its own names (${MODE_EN[mode]})`,
      'zh-CN': `注册得到 CONNACK 0 及属于自身名称的凭据（${MODE_ZH[mode]}）`,
    },
    profiles: [PROFILE[mode]],
    needs: 'cell',
    async drive(t) {
      const unit = t.unit('unit', { mode, deviceName: await nameFor(t, mode, 'unit') });
      await unit.register('registers', { linger: true });
      await unit.watch('listens', LISTEN_MS);
      await unit.connect('connects');
    },
    checks: [
      { id: 'in-order', rule: 'RULE-05', oracle: 'replyInOrder', on: { attempt: 'registers' } },
      { id: 'credentials-work', rule: 'RULE-05', oracle: 'accepted', on: { attempt: 'connects' } },
      { id: 'shape', rule: 'RULE-05', oracle: 'replyShape', on: { attempt: 'registers' }, reading: true },
      { id: 'compact', rule: 'RULE-05', oracle: 'compactReply', on: { attempt: 'registers' }, reading: true },
      { id: 'once', rule: 'RULE-05', oracle: 'oneReply', on: { during: ['registers', 'listens'] }, reading: true },
    ],
  });
}
