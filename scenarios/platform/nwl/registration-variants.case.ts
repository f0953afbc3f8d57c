import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const changed = (change: (clientId: string) => string): Bend => ({
  fields: (fields) => ({ ...fields, clientId: change(fields.clientId) }),
});
const list = (more: string): Bend => changed((clientId) => clientId.replace(/\|$/, `,${more}|`));

/** Parameters about which documents and SDKs disagree; none of them is signed. */
const VARIANTS: Readonly<Record<string, Bend>> = {
  'securemode-2': changed((clientId) => clientId.replace(/securemode=-?\d/, 'securemode=2')),
  'securemode--2': changed((clientId) => clientId.replace(/securemode=-?\d/, 'securemode=-2')),
  'securemode-3': changed((clientId) => clientId.replace(/securemode=-?\d/, 'securemode=3')),
  'without-securemode': changed((clientId) => clientId.replace(/securemode=-?\d,/, '')),
  'unknown-parameters': list('_v=1,ext=3,lan=C,nonce=1'),
  'a-word-without-equals': list('word'),
  'blanks-and-newlines': changed((clientId) => clientId.replaceAll(',', ',\n ')),
  'a-timestamp': list('timestamp=789'),
  'another-instance': list('instanceId=iot-somewhere-else'),
};

// A name for each, so that no variant can take a slot from another.
export default definePlatformCase({
  id: 'platform/nwl/registration-variants',
  title: {
    en: 'Variants of the parameters of a registration',
    'zh-CN': '注册请求参数的各种变体',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    for (const [span, bend] of Object.entries(VARIANTS)) {
      await t.unit(span, { mode: 'regnwl', deviceName: t.name(span.slice(0, 20)) }).register(span, bend);
    }
    await t.unit('control', { mode: 'regnwl', deviceName: t.name('control') }).register('control');
  },
  checks: [
    { id: 'control', rule: 'RULE-37', oracle: 'issued', on: { attempt: 'control' } },
    { id: 'variants', rule: 'RULE-01', oracle: 'answers', on: { attempts: Object.keys(VARIANTS) }, reading: true },
  ],
});
