import mqttPacket from 'mqtt-packet';
import { formatUsername } from '../../../protocol/username.ts';
import { secretIdentifier } from '../../../protocol/identifier.ts';
import { definePlatformCase } from '../../engine/case.ts';

const WAIT_MS = 1_000;

// Who was let in for a registration asks to be another device, and proves nothing: the first CONNECT must not vouch for the second.
export default definePlatformCase({
  id: 'platform/session/second-connect',
  title: {
    en: 'A second CONNECT on a registration connection signs nobody in',
    'zh-CN': '注册连接上的第二个 CONNECT 不能登录任何设备',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const a = t.unit('a', { mode: 'register', deviceName: t.name('a') });
    const b = t.unit('b', { mode: 'register', deviceName: t.name('b') });
    for (const { deviceName } of [a, b]) await t.operator.addDevice(`added-${deviceName}`, deviceName);
    await a.register('registers', { linger: true });
    const connect = mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      clientId: secretIdentifier({ clientPart: b.deviceName, signMethod: 'hmacsha256', secureMode: '2' }),
      username: formatUsername(b.deviceName, t.product.productKey),
      password: Buffer.from('0'.repeat(64)),
    });
    await a.inject('second-connect', connect, WAIT_MS);
    await t.operator.readDevice('status-a', a.deviceName);
    await t.operator.readDevice('status-b', b.deviceName);
    await guard.post('alive');
    await b.register('b-registers');
    await b.connect('b-connects');
    await t.operator.readDevice('status-b-online', b.deviceName);
    await a.connect('a-connects');
  },
  checks: [
    { id: 'a-still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-a', fact: 'activated', is: false } },
    { id: 'b-still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-b', fact: 'activated', is: false } },
    { id: 'b-activates-by-itself', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-b-online', fact: 'activated', is: true } },
    { id: 'a-connects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'a-connects' } },
    { id: 'hangs-up', rule: 'RULE-06', oracle: 'endedByPlatform', on: { span: 'second-connect' }, reading: true },
    { id: 'served', rule: 'RULE-20', oracle: 'accepted', on: { attempt: 'alive' } },
  ],
});
