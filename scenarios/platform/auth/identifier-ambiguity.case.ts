import { registrationContent } from '../../../protocol/content.ts';
import { sign } from '../../../protocol/sign.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const MARKS = ['-', '_', '.', '@', ':'] as const;
const LEGAL = ['short', 'long', ...MARKS] as const;
const DUPLICATES = ['random', 'signmethod', 'authType'] as const;
/** Values that the repeated parameter has besides its own. */
const OTHER = { random: 'another', signmethod: 'hmacmd5', authType: 'register' } as const;

/** Adds the parameter a second time, before or after the one that belongs there. */
function repeated(name: (typeof DUPLICATES)[number], where: 'before' | 'after'): Bend {
  const more = `${name}=${OTHER[name]}`;
  return {
    fields: (fields) => ({
      ...fields,
      clientId: where === 'before' ? fields.clientId.replace('|', `|${more},`) : fields.clientId.replace(/\|$/, `,${more}|`),
    }),
  };
}

// Names that stand at an edge of what is legal, and identifiers that can be read in two ways. Which reading a platform prefers is its own
// affair; neither may let in what is not signed, nor make a device of a name that is none.
export default definePlatformCase({
  id: 'platform/auth/identifier-ambiguity',
  title: {
    en: 'Odd names and repeated parameters lead to no device that nobody signed for',
    'zh-CN': '异常名称与重复参数不会产生无人签名的设备',
  },
  profiles: ['nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const { productKey, productSecret } = t.product;
    const guard = await t.guard('regnwl');
    const tag = t.name('').slice(1);
    const legal = { short: tag.slice(0, 4), long: `l${tag}`.padEnd(32, '0') };
    for (const kind of LEGAL) {
      const deviceName = kind === 'short' || kind === 'long' ? legal[kind] : `n${kind}${tag}${kind}`;
      const unit = t.unit(`legal-${kind}`, { mode: 'regnwl', deviceName });
      await unit.register(`legal-${kind}`);
      await unit.connect(`connects-${kind}`);
    }

    // Rightly signed, but for a name that cannot be one.
    const probe = t.unit('probe', { mode: 'regnwl', deviceName: t.name('probe') });
    const illegal = {
      three: tag.slice(0, 3),
      'thirty-three': `m${tag}`.padEnd(33, '0'),
      slash: `n/${tag}`,
      blank: `n ${tag}`,
      plus: `n+${tag}`,
    };
    for (const [kind, deviceName] of Object.entries(illegal)) {
      await probe.register(`illegal-${kind}`, signedFor(deviceName, `${deviceName}&${productKey}`));
      await t.operator.readDevice(`after-${kind}`, deviceName);
      await t.pace();
    }
    await probe.register('illegal-third-part', signedFor(probe.deviceName, `${probe.deviceName}&${productKey}&more`));
    await t.operator.readDevice('after-third-part', probe.deviceName);

    const other = t.unit('other-case', { mode: 'regnwl', deviceName: t.name('Probe') });
    await other.register('other-case');
    for (const name of DUPLICATES) {
      for (const where of ['before', 'after'] as const) {
        const deviceName = t.name(`${name}-${where}`);
        const unit = t.unit(`${name}-${where}`, { mode: 'regnwl', deviceName });
        await t.pace();
        await unit.register(`unsigned-${name}-${where}`, { ...repeated(name, where), productSecret: 'not-the-secret-of-it' });
        await t.operator.readDevice(`after-unsigned-${name}-${where}`, deviceName);
        await t.pace();
        await unit.register(`signed-${name}-${where}`, repeated(name, where));
        await t.pace();
        await unit.register(`control-${name}-${where}`);
      }
    }
    await guard.post('alive');
    await t.pace();
    await probe.register('control');
    await t.operator.readDevice('status-probe', probe.deviceName);

    function signedFor(deviceName: string, username: string): Bend {
      return {
        random: '123',
        fields: (fields) => ({
          ...fields,
          username,
          password: sign('hmacsha256', productSecret, registrationContent({ deviceName, productKey, random: '123' })),
        }),
      };
    }
  },
  checks: [
    ...LEGAL.flatMap(
      (kind) =>
        [
          { id: `legal-${kind}`, rule: 'RULE-37', oracle: 'issued', on: { attempt: `legal-${kind}` } },
          { id: `connects-${kind}`, rule: 'RULE-37', oracle: 'accepted', on: { attempt: `connects-${kind}` } },
        ] as const,
    ),
    ...['three', 'thirty-three', 'slash', 'blank', 'plus', 'third-part'].flatMap(
      (kind) =>
        [
          {
            id: `illegal-${kind}`,
            rule: 'RULE-37',
            oracle: 'refused',
            on: { attempt: `illegal-${kind}`, control: 'control', alive: 'alive' },
          },
          { id: `no-device-${kind}`, rule: 'RULE-37', oracle: 'factIs', on: { span: `after-${kind}`, fact: 'exists', is: false } },
        ] as const,
    ),
    ...DUPLICATES.flatMap((name) =>
      (['before', 'after'] as const).flatMap(
        (where) =>
          [
            {
              id: `unsigned-${name}-${where}`,
              rule: 'RULE-01',
              oracle: 'refused',
              on: { attempt: `unsigned-${name}-${where}`, control: `control-${name}-${where}`, alive: 'alive' },
            },
            {
              id: `no-device-${name}-${where}`,
              rule: 'RULE-01',
              oracle: 'factIs',
              on: { span: `after-unsigned-${name}-${where}`, fact: 'exists', is: false },
            },
          ] as const,
      ),
    ),
    {
      id: 'which-wins',
      rule: 'RULE-09',
      oracle: 'answers',
      on: { attempts: DUPLICATES.flatMap((name) => [`signed-${name}-before`, `signed-${name}-after`]) },
      reading: true,
    },
    { id: 'other-case', rule: 'RULE-37', oracle: 'answers', on: { attempts: ['other-case'] }, reading: true },
    { id: 'legal-name-exists', rule: 'RULE-37', oracle: 'factIs', on: { span: 'status-probe', fact: 'exists', is: true } },
  ],
});
