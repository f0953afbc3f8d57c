import { HTTP_CODE } from '../../../protocol/codes.ts';
import type { HttpBend } from '../../../worker/unit/https.ts';
import { definePlatformCase } from '../../engine/case.ts';

const BADLY: HttpBend = { productSecret: 'not-the-secret-of-it' };
const FIELDS = ['productKey', 'deviceName', 'random', 'sign', 'signMethod'] as const;
const STATES = ['added', 'active', 'unknown'] as const;

const without = (name: string): HttpBend => ({
  form: (form) =>
    form
      .split('&')
      .filter((field) => !field.startsWith(`${name}=`))
      .join('&'),
});

/** Forms that lack something or hold what nobody defined. */
const ODD: Readonly<Record<string, HttpBend>> = {
  ...Object.fromEntries(FIELDS.map((name) => [`without-${name}`, without(name)])),
  'unknown-method': { form: (form) => form.replace('hmacsha256', 'hmacsha512') },
  'another-random': { form: (form) => form.replace(/random=[^&]*/, 'random=another') },
  'another-method-named': { form: (form) => form.replace('hmacsha256', 'hmacmd5') },
};

// Every refusal has a code in the body; that of an active device and that of a wrong signature are documented.
export default definePlatformCase({
  id: 'platform/registration/https-refusals',
  title: {
    en: 'HTTPS registration refuses what MQTT refuses, with a code',
    'zh-CN': 'HTTPS 注册拒绝与 MQTT 相同的请求，并给出返回码',
  },
  profiles: ['prereg', 'https'],
  needs: 'sockets',
  async drive(t) {
    const guard = await t.guard('register');
    const added = t.unit('added', { mode: 'register', deviceName: await t.added('added') });
    const active = t.unit('active', { mode: 'register', deviceName: await t.added('active') });
    await active.registerOverHttps('active-registers');
    await active.connect('active-connects');
    await active.disconnect('active-leaves');
    await added.registerOverHttps('control');

    const unknown = t.unit('unknown', { mode: 'register', deviceName: t.name('unknown') });
    await unknown.registerOverHttps('not-added');
    await t.pace();
    await t.unit('rival', { mode: 'register', deviceName: active.deviceName }).registerOverHttps('once-active');
    const units = { added, active: t.unit('forger', { mode: 'register', deviceName: active.deviceName }), unknown };
    for (const state of STATES) {
      await t.pace();
      await units[state].registerOverHttps(`badly-signed-${state}`, BADLY);
    }
    for (const [span, bend] of Object.entries(ODD)) {
      await t.pace();
      await added.registerOverHttps(span, bend);
    }
    const astray = { ...t.product, productKey: `${t.product.productKey.slice(0, -1)}${t.product.productKey.endsWith('x') ? 'y' : 'x'}` };
    await t.unit('astray', { mode: 'register', deviceName: t.name('astray'), product: astray }).registerOverHttps('unknown-product');
    await t.pace();
    await added.registerOverHttps('as-json', { contentType: 'application/json' });
    await t.pace();
    await added.registerOverHttps('without-type', { contentType: null });
    await guard.post('alive');
    await t.pace();
    await active.connect('active-returns');
  },
  checks: [
    { id: 'accepted-when-right', rule: 'RULE-18', oracle: 'httpIssued', on: { attempt: 'control' } },
    { id: 'not-added', rule: 'RULE-16', oracle: 'httpRefused', on: { attempt: 'not-added', control: 'control', alive: 'alive' } },
    {
      id: 'once-active',
      rule: 'RULE-21',
      oracle: 'httpRefused',
      on: { attempt: 'once-active', control: 'active-registers', alive: 'alive', code: HTTP_CODE.alreadyActivated },
    },
    {
      id: 'badly-signed',
      rule: 'RULE-01',
      oracle: 'httpRefused',
      on: { attempt: 'badly-signed-added', control: 'control', alive: 'alive', code: HTTP_CODE.signature },
    },
    {
      id: 'tells-nothing',
      rule: 'RULE-01',
      oracle: 'sameAnswer',
      on: { attempts: STATES.map((state) => `badly-signed-${state}`), alive: 'alive' },
    },
    ...Object.keys(ODD).map(
      (attempt) => ({ id: attempt, rule: 'RULE-01', oracle: 'httpRefused', on: { attempt, control: 'control', alive: 'alive' } }) as const,
    ),
    {
      id: 'unknown-product',
      rule: 'RULE-01',
      oracle: 'httpRefused',
      on: { attempt: 'unknown-product', control: 'control', alive: 'alive' },
    },
    { id: 'secret-not-replaced', rule: 'RULE-21', oracle: 'accepted', on: { attempt: 'active-returns' } },
    {
      id: 'codes',
      rule: 'RULE-01',
      oracle: 'answers',
      on: { attempts: ['not-added', ...Object.keys(ODD), 'unknown-product'] },
      reading: true,
    },
    { id: 'content-types', rule: 'RULE-01', oracle: 'answers', on: { attempts: ['as-json', 'without-type'] }, reading: true },
  ],
});
