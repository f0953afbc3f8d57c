import { definePlatformCase } from '../../engine/case.ts';

// The whole life of a pre-registered device: added, registered (twice: that is permitted), connected, activated, offline.
export default definePlatformCase({
  id: 'platform/registration/register-connect',
  title: {
    en: 'A device that was added registers, connects with its DeviceSecret and is then active',
    'zh-CN': '已添加的设备注册，用 DeviceSecret 连接，随后处于已激活状态',
  },
  profiles: ['prereg', 'operator'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('unit');
    await t.operator.addDevice('added', deviceName);
    await t.operator.readDevice('status-added', deviceName);
    const unit = t.unit('unit', { mode: 'register', deviceName });
    await unit.register('register');
    await t.operator.readDevice('status-registered', deviceName);
    await t.pace();
    await unit.register('register-again', { fields: (fields) => ({ ...fields, password: fields.password.toUpperCase(), keepAlive: 0 }) });
    await t.pace();
    await unit.register('register-long-keep-alive', { fields: (fields) => ({ ...fields, keepAlive: 5000 }) });
    await unit.connect('connect');
    await t.operator.readDevice('status-online', deviceName);
    await unit.post('post');
    await unit.disconnect('leave');
    // The device knows that it left before the platform does.
    await t.wait(1_000);
    await t.operator.readDevice('status-offline', deviceName);
    await t.pace();
    await unit.connect('reconnect');
  },
  checks: [
    { id: 'inactive-when-added', rule: 'RULE-17', oracle: 'factIs', on: { span: 'status-added', fact: 'status', is: 'UNACTIVE' } },
    { id: 'credentials-issued', rule: 'RULE-01', oracle: 'issued', on: { attempt: 'register' } },
    { id: 'unsolicited', rule: 'RULE-05', oracle: 'unsolicited', on: { attempt: 'register' } },
    { id: 'still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-registered', fact: 'activated', is: false } },
    { id: 'registers-again', rule: 'RULE-19', oracle: 'issued', on: { attempt: 'register-again' } },
    { id: 'upper-case-hex', rule: 'RULE-04', oracle: 'issued', on: { attempt: 'register-again' } },
    { id: 'keep-alive-0', rule: 'RULE-03', oracle: 'issued', on: { attempt: 'register-again' } },
    { id: 'keep-alive-5000', rule: 'RULE-03', oracle: 'issued', on: { attempt: 'register-long-keep-alive' } },
    { id: 'last-secret-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'connect' } },
    { id: 'online', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-online', fact: 'status', is: 'ONLINE' } },
    { id: 'activated', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-online', fact: 'activated', is: true } },
    { id: 'offline', rule: 'RULE-56', oracle: 'factIs', on: { span: 'status-offline', fact: 'status', is: 'OFFLINE' } },
    { id: 'reconnects', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'reconnect' } },
    { id: 'reply-is-compact', rule: 'RULE-05', oracle: 'compactReply', on: { attempt: 'register' }, reading: true },
    { id: 'reply-topic', rule: 'RULE-05', oracle: 'replyTopic', on: { attempt: 'register' }, reading: true },
  ],
});
