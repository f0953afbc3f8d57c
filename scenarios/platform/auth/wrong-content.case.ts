import { CONNACK } from '../../../protocol/codes.ts';
import { registrationContent } from '../../../protocol/content.ts';
import { sign } from '../../../protocol/sign.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const RANDOM = 'r4nd0m';

/** Texts that are near the one to sign. */
const CONTENTS: Readonly<Record<string, (dn: string, pk: string) => string>> = {
  'without-random': (dn, pk) => `deviceName${dn}productKey${pk}`,
  'with-another-random': (dn, pk) => registrationContent({ deviceName: dn, productKey: pk, random: 'another' }),
  'without-device-name': (_dn, pk) => `productKey${pk}random${RANDOM}`,
  'with-another-device-name': (dn, pk) => registrationContent({ deviceName: `${dn}x`, productKey: pk, random: RANDOM }),
  'without-product-key': (dn) => `deviceName${dn}random${RANDOM}`,
  'in-another-order': (dn, pk) => `productKey${pk}deviceName${dn}random${RANDOM}`,
  'values-alone': (dn, pk) => `${dn}${pk}${RANDOM}`,
};

// The right secret over the wrong text. The control signs the right text with the same random. A name for each, so that what a wrong
// platform lets through takes nothing from the others.
export default definePlatformCase({
  id: 'platform/auth/wrong-content',
  title: {
    en: 'A signature over anything but DeviceName, ProductKey and random is refused',
    'zh-CN': '签名内容不是 DeviceName、ProductKey 与 random 时被拒绝',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const { productKey, productSecret } = t.product;
    const guard = await t.guard('regnwl');
    const unit = (label: string, product = t.product) => t.unit(label, { mode: 'regnwl', deviceName: t.name(label.slice(0, 20)), product });
    const over = (content: string): Bend => ({
      random: RANDOM,
      fields: (fields) => ({ ...fields, password: sign('hmacsha256', productSecret, content) }),
    });
    for (const [span, content] of Object.entries(CONTENTS)) {
      const one = unit(span);
      await one.register(span, over(content(one.deviceName, productKey)));
    }
    await unit('secret-in-capitals').register('secret-in-capitals', { productSecret: productSecret.toUpperCase() });
    await unit('no-signature').register('no-signature', { fields: (fields) => ({ ...fields, password: 'not-a-signature' }) });
    await unit('no-password').register('no-password', { fields: (fields) => ({ ...fields, password: '' }) });
    const product = { productKey: `${productKey.slice(0, -1)}${productKey.endsWith('x') ? 'y' : 'x'}`, productSecret };
    await unit('unknown-product', product).register('unknown-product');
    await unit('control').register('control', { random: RANDOM });
    await guard.post('alive');
  },
  checks: [
    ...[...Object.keys(CONTENTS), 'secret-in-capitals', 'no-signature'].map(
      (attempt) =>
        ({
          id: attempt,
          rule: 'RULE-01',
          oracle: 'refused',
          on: { attempt, control: 'control', alive: 'alive', code: CONNACK.credentials },
        }) as const,
    ),
    // A password that is not there may count as a parameter that is missing; an unknown product has no documented code.
    ...['no-password', 'unknown-product'].map(
      (attempt) => ({ id: attempt, rule: 'RULE-01', oracle: 'refused', on: { attempt, control: 'control', alive: 'alive' } }) as const,
    ),
    { id: 'codes', rule: 'RULE-01', oracle: 'answers', on: { attempts: ['no-password', 'unknown-product'] }, reading: true },
  ],
});
