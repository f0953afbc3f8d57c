import { definePlatformCase } from '../../engine/case.ts';
import { inPieces } from '../../engine/wire.ts';

// MQTT is a stream: where a segment, a TLS record or a WebSocket frame ends says nothing (MQTT 3.1.1, section 6).
export default definePlatformCase({
  id: 'platform/links/connect-in-pieces',
  title: {
    en: 'A CONNECT that arrives byte by byte is one CONNECT',
    'zh-CN': '逐字节到达的 CONNECT 仍是一个 CONNECT',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers-in-pieces', { wire: inPieces(1) });
    await unit.connect('connects-in-pieces', { wire: inPieces(1) });
    await unit.post('posts-in-pieces');
    await unit.disconnect('leaves');
    await t.pace();
    await unit.connect('connects-in-threes', { wire: inPieces(3) });
    await unit.post('posts');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers-in-pieces' } },
    { id: 'connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects-in-pieces' } },
    { id: 'connects-in-threes', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects-in-threes' } },
    { id: 'posts', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'posts-in-pieces' } },
  ],
});
