import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { trickled } from '../../engine/wire.ts';

const PIECE = 16;
const GAP_MS = 5;

// As links/connect-in-pieces, but on a network, where only time keeps two writes from travelling together.
export default definePlatformCase({
  id: 'platform/transport/connect-in-segments',
  title: {
    en: 'A CONNECT that comes in many TCP segments and TLS records is one CONNECT',
    'zh-CN': '分散在多个 TCP 报文段与 TLS 记录中的 CONNECT 仍是一个 CONNECT',
  },
  profiles: ['nwl'],
  needs: 'sockets',
  carriedBy: 'tls',
  async drive(t) {
    const slowly: Bend = { wire: trickled(PIECE, () => t.wait(GAP_MS)) };
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers', slowly);
    await unit.connect('connects', slowly);
    await unit.post('posts');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'posts', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'posts' } },
  ],
});
