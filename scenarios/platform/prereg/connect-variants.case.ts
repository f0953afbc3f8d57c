import { sign } from '../../../protocol/sign.ts';
import { formatUsername } from '../../../protocol/username.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const TIMESTAMPS = { past: '789', future: '2524608000000', 'no-number': 'now' } as const;
const VARIANTS = ['all-signed', 'without-client-id', 'without-timestamp', 'names-alone', 'no-timestamp-at-all', 'method-omitted'] as const;
const LISTS = {
  'securemode-3': 'securemode=3',
  'securemode--2': 'securemode=-2',
  'unknown-parameters': 'securemode=2,nonce=1,sii=x,gw=0,word',
};

// What a sign-in with a DeviceSecret may sign and say besides its names: the vendor's own devices differ, so how each is taken is a reading.
export default definePlatformCase({
  id: 'platform/prereg/connect-variants',
  title: {
    en: 'Variants of the signed text and of the parameters of a sign-in with a DeviceSecret',
    'zh-CN': '使用 DeviceSecret 登录时签名内容与参数的各种变体',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const { productKey } = t.product;
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('registers');
    const { deviceName } = unit;
    const stored = unit.credentials();
    if (stored?.kind !== 'secret') return;
    const write = (list: string, content: string, method: 'hmacmd5' | 'hmacsha256' = 'hmacsha256'): Bend => ({
      fields: (fields) => ({
        ...fields,
        clientId: `mac-01|${list}|`,
        username: formatUsername(deviceName, productKey),
        password: sign(method, stored.deviceSecret, content),
      }),
    });
    const names = `deviceName${deviceName}productKey${productKey}`;
    const stamped = 'securemode=2,signmethod=hmacsha256,timestamp=789';
    const variants: Readonly<Record<string, Bend>> = {
      'all-signed': write(stamped, `clientIdmac-01${names}timestamp789`),
      'without-client-id': write(stamped, `${names}timestamp789`),
      'without-timestamp': write(stamped, `clientIdmac-01${names}`),
      'names-alone': write(stamped, names),
      'no-timestamp-at-all': write('securemode=2,signmethod=hmacsha256', `clientIdmac-01${names}`),
      'method-omitted': write('securemode=2', `clientIdmac-01${names}`, 'hmacmd5'),
    };
    for (const span of VARIANTS) {
      await unit.connect(span, variants[span]);
      await t.pace();
    }
    for (const [span, timestamp] of Object.entries(TIMESTAMPS)) {
      await unit.connect(
        span,
        write(`securemode=2,signmethod=hmacsha256,timestamp=${timestamp}`, `clientIdmac-01${names}timestamp${timestamp}`),
      );
      await t.pace();
    }
    for (const [span, list] of Object.entries(LISTS)) {
      await unit.connect(span, write(`${list},signmethod=hmacsha256`, `clientIdmac-01${names}`));
      await t.pace();
    }
    await unit.connect('in-clear', { security: 'plain' });
    await t.pace();
    await unit.connect('control');
  },
  checks: [
    { id: 'control', rule: 'RULE-18', oracle: 'accepted', on: { attempt: 'control' } },
    { id: 'signed-texts', rule: 'RULE-18', oracle: 'answers', on: { attempts: VARIANTS }, reading: true },
    { id: 'timestamps', rule: 'RULE-18', oracle: 'answers', on: { attempts: Object.keys(TIMESTAMPS) }, reading: true },
    { id: 'parameters', rule: 'RULE-18', oracle: 'answers', on: { attempts: Object.keys(LISTS) }, reading: true },
    { id: 'in-clear', rule: 'RULE-02', oracle: 'answers', on: { attempts: ['in-clear'] }, reading: true },
  ],
});
