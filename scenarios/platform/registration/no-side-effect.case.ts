import { definePlatformCase } from '../../engine/case.ts';

// Each refusal is followed by what it must not have changed: the secret delivered before still works, the live session goes on, no slot is
// spent, no device appears.
export default definePlatformCase({
  id: 'platform/registration/refusal-no-side-effect',
  title: {
    en: 'A refused registration changes nothing',
    'zh-CN': '被拒绝的注册不改变任何状态',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const added = t.name('added');
    await t.operator.addDevice('added', added);
    const unit = t.unit('unit', { mode: 'register', deviceName: added });
    const forger = t.unit('forger', { mode: 'register', deviceName: added });
    const badly = { productSecret: 'not-the-secret-of-it' };
    await unit.register('register');
    await forger.register('badly-signed', badly);
    await t.operator.readDevice('status-after-forgery', added);
    await t.pace();
    await unit.register('registers-after-forgery');
    await t.pace();
    await forger.register('badly-signed-again', badly);
    await t.pace();
    await unit.connect('secret-still-works');
    await forger.register('while-online', badly);
    await unit.watch('session-at-forgery', 1_000);
    await unit.post('session-goes-on');

    const shared = t.name('shared');
    const token = t.unit('token', { mode: 'regnwl', deviceName: shared });
    const tokenForger = t.unit('token-forger', { mode: 'regnwl', deviceName: shared });
    await token.register('token-registers');
    await t.operator.clientIds('listed-before', shared);
    await tokenForger.register('token-badly-signed', badly);
    await t.operator.clientIds('listed-after', shared);
    await token.connect('token-still-works');

    const stranger = t.unit('stranger', { mode: 'regnwl', deviceName: t.name('stranger') });
    await stranger.register('stranger-badly-signed', badly);
    await t.operator.readDevice('stranger-after', t.name('stranger'));
    await stranger.register('stranger-control');
  },
  checks: [
    {
      id: 'forgery-refused',
      rule: 'RULE-01',
      oracle: 'refused',
      on: { attempt: 'badly-signed', control: 'register', alive: 'session-goes-on' },
    },
    { id: 'still-inactive', rule: 'RULE-20', oracle: 'factIs', on: { span: 'status-after-forgery', fact: 'activated', is: false } },
    { id: 'registers-after-forgery', rule: 'RULE-19', oracle: 'issued', on: { attempt: 'registers-after-forgery' } },
    { id: 'secret-still-works', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'secret-still-works' } },
    { id: 'session-not-kicked', rule: 'RULE-01', oracle: 'livedThrough', on: { span: 'session-at-forgery' } },
    {
      id: 'no-slot-spent',
      rule: 'RULE-38',
      oracle: 'factUnchanged',
      on: { fact: 'clientIds', before: 'listed-before', after: 'listed-after' },
    },
    { id: 'token-still-works', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'token-still-works' } },
    { id: 'no-device-created', rule: 'RULE-37', oracle: 'factIs', on: { span: 'stranger-after', fact: 'exists', is: false } },
    { id: 'stranger-accepted-when-right', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'stranger-control' } },
  ],
});
