import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase } from '../../engine/case.ts';

const SHIPPED: Bend = { way: { tls: 'shipped-firmware' } };

// The C SDKs of a decade know RSA key exchange with AES-CBC only, and some ask for no server name. The certificate is checked as always.
// Versions before TLS 1.2 are documented as served and not recommended: whether they still are is a reading.
export default definePlatformCase({
  id: 'platform/transport/tls-floor',
  title: {
    en: 'Firmware with TLS 1.2, RSA key exchange, AES-CBC and no SNI is served',
    'zh-CN': '仅支持 TLS 1.2、RSA 密钥交换、AES-CBC 且不发送 SNI 的固件可获得服务',
  },
  profiles: ['nwl'],
  needs: 'sockets',
  carriedBy: 'tls',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = (label: string) => t.unit(label, { mode: 'regnwl', deviceName: t.name(label) });
    const shipped = unit('shipped');
    const modern = unit('modern');
    await shipped.register('shipped-registers', SHIPPED);
    await modern.register('modern-registers');
    await modern.connect('modern-connects');
    await modern.disconnect('modern-leaves');
    await t.pace();
    await modern.connect('shipped-connects', SHIPPED);
    await modern.disconnect('modern-leaves-again');
    for (const version of ['TLSv1.1', 'TLSv1'] as const) {
      await t.pace();
      await modern.connect(`connects-by-${version}`, { way: { tls: version } });
    }
    await guard.post('alive');
  },
  checks: [
    {
      id: 'registers',
      rule: 'RULE-02',
      oracle: 'tlsFloor',
      on: { attempt: 'shipped-registers', control: 'modern-registers', alive: 'alive' },
    },
    {
      id: 'connects',
      rule: 'RULE-02',
      oracle: 'tlsFloor',
      on: { attempt: 'shipped-connects', control: 'modern-connects', alive: 'alive' },
    },
    { id: 'registers-usually', rule: 'RULE-02', oracle: 'issued', on: { attempt: 'modern-registers' } },
    {
      id: 'older-versions',
      rule: 'RULE-02',
      oracle: 'answers',
      on: { attempts: ['connects-by-TLSv1.1', 'connects-by-TLSv1'] },
      reading: true,
    },
  ],
});
