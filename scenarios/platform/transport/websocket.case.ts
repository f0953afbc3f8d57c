import { definePlatformCase } from '../../engine/case.ts';

// `wss` was seen to work from a browser and no document speaks of it: a reading. Nor does any of an unencrypted `ws`, which would send the
// credentials in clear and had better be refused: a reading too.
export default definePlatformCase({
  id: 'platform/transport/websocket',
  title: {
    en: 'Registration over WebSocket: encrypted it may work, in clear it had better not',
    'zh-CN': '通过 WebSocket 注册：加密时可用，明文时宜被拒绝',
  },
  profiles: ['nwl'],
  needs: 'sockets',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = (label: string) => t.unit(label, { mode: 'regnwl', deviceName: t.name(label), over: 'websocket' });
    await unit('over-ws').register('over-ws', { security: 'plain' });
    const secure = unit('over-wss');
    await secure.register('over-wss');
    await secure.connect('connects-over-wss');
    await guard.post('alive');
  },
  checks: [
    { id: 'in-clear', rule: 'RULE-02', oracle: 'betterRefused', on: { attempt: 'over-ws' }, reading: true },
    { id: 'encrypted', rule: 'RULE-02', oracle: 'answers', on: { attempts: ['over-wss', 'connects-over-wss'] }, reading: true },
    { id: 'served', rule: 'RULE-02', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
