import { CONNACK } from '../../../protocol/codes.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** Why a request is refused, with the rule that says so, the one that keeps live sessions out of it, and what is wrong with the request. */
const CLASSES: readonly {
  readonly name: string;
  readonly rule: string;
  readonly liveRule?: string;
  readonly code?: number;
  readonly bend: Bend;
}[] = [
  { name: 'badly-signed', rule: 'RULE-01', code: CONNACK.credentials, bend: { productSecret: 'not-the-secret-of-it' } },
  {
    name: 'malformed',
    rule: 'RULE-09',
    code: CONNACK.identifier,
    bend: { fields: (fields) => ({ ...fields, clientId: fields.clientId.replace(/random=[^,|]*,?/, '') }) },
  },
  { name: 'switched-off', rule: 'RULE-11', liveRule: 'RULE-12', bend: {} },
  { name: 'activated', rule: 'RULE-21', bend: {} },
  { name: 'disabled', rule: 'RULE-21', bend: {} },
];
/** Classes that are about a device that is active already. */
const ACTIVE: readonly string[] = ['activated', 'disabled'];
const NAMES = CLASSES.map(({ name }) => name);

// For each class of refusal: a waiting device whose secret was delivered, a live device, a name with a ClientID, and a name that nobody
// knows are each named in a request that is refused. None of them may be any different afterwards.
export default definePlatformCase({
  id: 'platform/registration/refusal-classes',
  title: {
    en: 'Whatever the reason of a refusal, it changes nothing',
    'zh-CN': '无论因何被拒绝，都不改变任何状态',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const shared = t.unit('shared', { mode: 'regnwl', deviceName: t.name('shared') });
    await shared.register('shared-registers');
    for (const { name, bend } of CLASSES) {
      const owner = t.unit(`owner-${name}`, { mode: 'register', deviceName: t.name(`o-${name}`) });
      const live = t.unit(`live-${name}`, { mode: 'register', deviceName: t.name(`l-${name}`) });
      for (const { deviceName } of [owner, live]) await t.operator.addDevice(`added-${deviceName}`, deviceName);
      await live.boot(`live-${name}`);
      await owner.register(`owner-registers-${name}`);
      if (ACTIVE.includes(name)) {
        await owner.connect(`owner-activates-${name}`);
        await owner.disconnect(`owner-leaves-${name}`);
        await t.pace();
      }
      await t.operator.readDevice(`owner-before-${name}`, owner.deviceName);
      if (!ACTIVE.includes(name)) await t.operator.clientIds(`listed-before-${name}`, shared.deviceName);

      if (name === 'switched-off') await t.operator.setDynamicRegistration('off', false);
      if (name === 'disabled') await t.operator.disable('disable', owner.deviceName);
      const session = live.watch(`session-${name}`, 1_000);
      const forge = (what: string, mode: 'register' | 'regnwl', deviceName: string) =>
        t.unit(`forger-${what}-${name}`, { mode, deviceName }).register(`${what}-${name}`, bend);
      await forge('of-live', 'register', live.deviceName);
      await forge('of-owner', 'register', owner.deviceName);
      if (!ACTIVE.includes(name)) {
        await forge('of-shared', 'regnwl', shared.deviceName);
        await forge('of-stranger', 'regnwl', t.name(`s-${name}`));
      }
      await session;
      if (name === 'switched-off') await t.operator.setDynamicRegistration('on', true);
      if (name === 'disabled') await t.operator.enable('enable', owner.deviceName);

      await t.operator.readDevice(`owner-after-${name}`, owner.deviceName);
      if (!ACTIVE.includes(name)) {
        await t.operator.clientIds(`listed-after-${name}`, shared.deviceName);
        await t.operator.readDevice(`stranger-after-${name}`, t.name(`s-${name}`));
      }
      await live.post(`live-posts-${name}`);
      await t.pace();
      await owner.connect(`owner-connects-${name}`);
    }
    await shared.connect('shared-connects');
    await guard.post('alive');
    // The controls: without the defect each of them is let through.
    const control = t.unit('control', { mode: 'register', deviceName: t.name('control') });
    await t.operator.addDevice('added-control', control.deviceName);
    await control.register('control');
  },
  checks: [
    ...CLASSES.flatMap(
      ({ name, rule, code, liveRule = rule }) =>
        [
          {
            id: `refused-${name}`,
            rule,
            oracle: 'refused',
            on: { attempt: `of-owner-${name}`, control: 'control', alive: 'alive', ...(code === undefined ? {} : { code }) },
          },
          { id: `session-${name}`, rule: liveRule, oracle: 'livedThrough', on: { span: `session-${name}` } },
          { id: `live-serves-${name}`, rule: liveRule, oracle: 'accepted', on: { attempt: `live-posts-${name}` } },
          {
            id: `status-${name}`,
            rule: 'RULE-20',
            oracle: 'factUnchanged',
            on: { fact: 'activated', before: `owner-before-${name}`, after: `owner-after-${name}` },
          },
          { id: `secret-works-${name}`, rule, oracle: 'accepted', on: { attempt: `owner-connects-${name}` } },
        ] as const,
    ),
    // Where an active device is what the refusal is about, nobody asks for a token or under a new name.
    ...NAMES.filter((name) => !ACTIVE.includes(name)).flatMap(
      (name) =>
        [
          {
            id: `no-slot-${name}`,
            rule: 'RULE-38',
            oracle: 'factUnchanged',
            on: { fact: 'clientIds', before: `listed-before-${name}`, after: `listed-after-${name}` },
          },
          {
            id: `no-device-${name}`,
            rule: 'RULE-37',
            oracle: 'factIs',
            on: { span: `stranger-after-${name}`, fact: 'exists', is: false },
          },
        ] as const,
    ),
    { id: 'token-works', rule: 'RULE-55', oracle: 'accepted', on: { attempt: 'shared-connects' } },
  ],
});
