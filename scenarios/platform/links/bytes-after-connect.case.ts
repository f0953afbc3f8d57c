import mqttPacket from 'mqtt-packet';
import { userUpdate } from '../../../protocol/topics.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { withTail } from '../../engine/wire.ts';

const WAIT_MS = 2_000;
/** Packet type 15, which MQTT 3.1.1 forbids. */
const GARBAGE = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f, 0x00);

// A client need not wait for its CONNACK (MQTT 3.1.1, section 3.1.4), so a packet may come with the CONNECT; garbage may end that
// connection, and nothing else.
export default definePlatformCase({
  id: 'platform/links/bytes-after-connect',
  title: {
    en: 'Bytes that come with the CONNECT: a packet, or garbage',
    'zh-CN': '与 CONNECT 一同到达的字节：一个报文，或乱码',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    const other = t.unit('other', { mode: 'regnwl', deviceName: t.name('other') });
    await other.register('registers-with-garbage', { wire: withTail(GARBAGE) });
    await unit.register('registers');
    const post = mqttPacket.generate({
      cmd: 'publish',
      // Nothing answers it: an answer and the CONNACK would arrive in one breath.
      topic: userUpdate(t.product.productKey, unit.deviceName),
      payload: 'early',
      qos: 0,
      retain: false,
      dup: false,
    });
    await unit.connectAndListen('connects-with-post', WAIT_MS, { wire: withTail(post) });
    await unit.post('posts');
    await unit.disconnect('leaves');
    await t.pace();
    const neighbour = guard.watch('neighbour-stays', WAIT_MS);
    await unit.connectAndListen('connects-with-garbage', WAIT_MS, { wire: withTail(GARBAGE) });
    await neighbour;
    await unit.disconnect('leaves-again');
    await t.pace();
    await unit.connect('returns');
    await guard.post('alive');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'early-packet', rule: 'RULE-38', oracle: 'answers', on: { attempts: ['connects-with-post', 'posts'] }, reading: true },
    { id: 'returns', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'returns' } },
    { id: 'neighbour-stays', rule: 'RULE-38', oracle: 'livedThrough', on: { span: 'neighbour-stays' } },
    { id: 'neighbour-lives', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'alive' } },
    {
      id: 'garbage',
      rule: 'RULE-38',
      oracle: 'answers',
      on: { attempts: ['registers-with-garbage', 'connects-with-garbage'] },
      reading: true,
    },
  ],
});
