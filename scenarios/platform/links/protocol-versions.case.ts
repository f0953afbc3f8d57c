import { definePlatformCase } from '../../engine/case.ts';
import { inVersion } from '../../engine/wire.ts';

const OTHERS = { 'mqtt-3.1': 3, 'mqtt-5': 5 } as const;

// The documents speak of MQTT 3.1 and 3.1.1, and of MQTT 5 on some instances. What is judged is 3.1.1, which every SDK speaks.
export default definePlatformCase({
  id: 'platform/links/protocol-versions',
  title: {
    en: 'Which versions of MQTT a registration and a connect may speak',
    'zh-CN': '注册与连接可使用哪些 MQTT 版本',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = t.unit('unit', { mode: 'regnwl', deviceName: t.name('unit') });
    await unit.register('registers');
    for (const [name, version] of Object.entries(OTHERS)) {
      const other = t.unit(name, { mode: 'regnwl', deviceName: t.name(name) });
      await other.register(`registers-by-${name}`, { wire: inVersion(version) });
      await t.pace();
      await unit.connect(`connects-by-${name}`, { wire: inVersion(version) });
      await unit.disconnect(`leaves-${name}`);
    }
    await t.pace();
    await unit.connect('connects');
    await guard.post('alive');
  },
  checks: [
    { id: 'registers', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'registers' } },
    { id: 'connects', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'connects' } },
    { id: 'neighbour-lives', rule: 'RULE-38', oracle: 'accepted', on: { attempt: 'alive' } },
    {
      id: 'registrations',
      rule: 'RULE-37',
      oracle: 'firstAnswers',
      on: { attempts: Object.keys(OTHERS).map((name) => `registers-by-${name}`) },
      reading: true,
    },
    {
      id: 'sign-ins',
      rule: 'RULE-38',
      oracle: 'firstAnswers',
      on: { attempts: Object.keys(OTHERS).map((name) => `connects-by-${name}`) },
      reading: true,
    },
  ],
});
