import mqttPacket from 'mqtt-packet';
import type { ConnectFields } from '../../../worker/session/session.ts';
import { definePlatformCase } from '../../engine/case.ts';

const WATCH_MS = 2_000;

// The second CONNECT is valid, but it comes on a connection that is taken (MQTT 3.1.1, 3.1.0-2). Nobody else may feel it.
export default definePlatformCase({
  id: 'platform/session/two-connects',
  title: {
    en: 'A second CONNECT on a live connection brings no other device down or in',
    'zh-CN': '在线连接上的第二个 CONNECT 不影响其他设备',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const a = t.unit('a', { mode: 'regnwl', deviceName: t.name('a') });
    const b = t.unit('b', { mode: 'regnwl', deviceName: t.name('b') });
    let ofB: ConnectFields | undefined;
    await b.register('b-registers');
    await b.connect('b-connects', { fields: (fields) => (ofB = fields) });
    await a.boot('a-boots');
    if (!ofB) return;
    const { clientId, username, password, keepAlive } = ofB;
    const connect = mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: keepAlive,
      clientId,
      username,
      password: Buffer.from(password),
    });
    const untouched = b.watch('b-stays', WATCH_MS);
    await a.inject('a-sends-connect-of-b', connect, WATCH_MS);
    await untouched;
    await b.post('b-posts');
    await t.pace();
    await a.connect('a-returns');
    await b.disconnect('b-leaves');
    await t.pace();
    await b.connect('b-returns');
  },
  checks: [
    { id: 'b-registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'b-registers' } },
    { id: 'b-stays', rule: 'RULE-57', oracle: 'livedThrough', on: { span: 'b-stays' } },
    { id: 'b-posts', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'b-posts' } },
    { id: 'a-returns', rule: 'RULE-37', oracle: 'accepted', on: { attempt: 'a-returns' } },
    { id: 'b-returns', rule: 'RULE-37', oracle: 'accepted', on: { attempt: 'b-returns' } },
    { id: 'fate-of-a', rule: 'RULE-57', oracle: 'sessionFate', on: { span: 'a-sends-connect-of-b' }, reading: true },
  ],
});
