import mqttPacket from 'mqtt-packet';
import { userUpdate } from '../../../protocol/topics.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { trickled, withTail } from '../../engine/wire.ts';

const PIECE = 16;
const GAP_MS = 5;
const LISTEN_MS = 1_000;

// MQTT over WebSocket is a stream of bytes in binary frames: where a frame ends says nothing [MQTT-6.0.0-2], and a text frame had better end
// the connection [MQTT-6.0.0-1]. Connecting over `wss` is documented (S5), registering over it is not: a reading.
export default definePlatformCase({
  id: 'platform/transport/websocket-frames',
  title: {
    en: 'Over WebSocket a CONNECT may fill many frames and a frame many packets; text frames are refused',
    'zh-CN': '经 WebSocket 时 CONNECT 可分多帧、一帧可含多个报文；文本帧被拒绝',
  },
  profiles: ['nwl'],
  needs: 'sockets',
  carriedBy: 'wss',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const overFrames: Bend = { way: { over: 'websocket' } };
    const inText: Bend = { way: { over: 'websocket', frames: 'text' } };
    const inManyFrames: Bend = { ...overFrames, wire: trickled(PIECE, () => t.wait(GAP_MS)) };
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers');
    await unit.connect('connects-in-many-frames', inManyFrames);
    await unit.post('posts');
    await unit.disconnect('leaves');
    const post = mqttPacket.generate({
      cmd: 'publish',
      topic: userUpdate(t.product.productKey, unit.deviceName),
      payload: 'early',
      qos: 0,
      retain: false,
      dup: false,
    });
    await t.pace();
    await unit.connectAndListen('connects-in-one-frame-with-a-post', LISTEN_MS, { ...overFrames, wire: withTail(post) });
    await unit.post('posts-again');
    await unit.disconnect('leaves-again');

    await t.pace();
    await unit.connect('connects-in-text', inText);
    await t.pace();
    await unit.connect('connects-in-binary', overFrames);
    const register = (span: string, bend: Bend) => t.unit(span, { mode: 'regnwl', deviceName: t.name(span) }).register(span, bend);
    await register('in-many', inManyFrames);
    await register('in-text', inText);
    await guard.post('alive');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects-in-many-frames' } },
    { id: 'posts', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'posts' } },
    {
      id: 'text-signs-nobody-in',
      rule: 'RULE-02',
      oracle: 'betterRefused',
      on: { attempt: 'connects-in-text', control: 'connects-in-binary' },
    },
    { id: 'text-registers-nobody', rule: 'RULE-02', oracle: 'betterRefused', on: { attempt: 'in-text' } },
    { id: 'neighbour-lives', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'alive' } },
    { id: 'registers-in-many-frames', rule: 'RULE-02', oracle: 'answers', on: { attempts: ['in-many'] }, reading: true },
    {
      id: 'two-packets-in-a-frame',
      rule: 'RULE-38',
      oracle: 'answers',
      on: { attempts: ['connects-in-one-frame-with-a-post', 'posts-again'] },
      reading: true,
    },
  ],
});
