import { CONNACK } from '../../../protocol/codes.ts';
import { formatUsername } from '../../../protocol/username.ts';
import type { ConnectFields } from '../../../worker/session/session.ts';
import { definePlatformCase } from '../../engine/case.ts';

// A signature that the platform has seen and found right comes again over something else. Its control comes again as it was: replaying the
// whole request is nothing that a platform has to notice (RULE-08).
export default definePlatformCase({
  id: 'platform/registration/replayed-signature',
  title: {
    en: 'A signature that was right once is refused with another random and under another name',
    'zh-CN': '曾经正确的签名配以另一个 random 或另一个名称时被拒绝',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    let recorded: ConnectFields | undefined;
    await unit.register('registers', { fields: (fields) => (recorded = fields) });
    if (!recorded) return;
    const right = recorded;
    await t.pace();
    await unit.register('another-random', {
      fields: () => ({ ...right, clientId: right.clientId.replace(/random=[^,|]*/, 'random=another') }),
    });
    const username = formatUsername(t.name('stranger'), t.product.productKey);
    const stranger = t.unit('stranger', { mode: 'regnwl', deviceName: t.name('stranger') });
    await stranger.register('another-name', { fields: () => ({ ...right, username }) });
    await guard.post('alive');
    await t.pace();
    await unit.register('as-it-was', { fields: () => right });
  },
  checks: (['another-random', 'another-name'] as const).map((attempt) => ({
    id: attempt,
    rule: 'RULE-01',
    oracle: 'refused',
    on: { attempt, control: 'as-it-was', alive: 'alive', code: CONNACK.credentials },
  })),
});
