import { CONNACK } from '../../../protocol/codes.ts';
import type { ConnectFields } from '../../../worker/session/session.ts';
import { definePlatformCase } from '../../engine/case.ts';

// Every kind of credential where another kind belongs. Each attempt has a control that is the same but for the confusion.
export default definePlatformCase({
  id: 'platform/auth/credential-confusion',
  title: {
    en: 'No credential opens what another one is for',
    'zh-CN': '任何凭据都不能用于其他用途',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const a = t.unit('a', { mode: 'register', deviceName: t.name('secret-a') });
    await t.operator.addDevice('added-a', a.deviceName);
    let recorded: ConnectFields | undefined;
    await a.register('a-registers', { fields: (fields) => (recorded = fields) });
    const secretA = a.credentials();
    const x = t.unit('x', { mode: 'regnwl', deviceName: t.name('token-x') });
    const y = t.unit('y', { mode: 'regnwl', deviceName: t.name('token-y') });
    await x.register('x-registers');
    await y.register('y-registers');
    const [tokenX, tokenY] = [x.credentials(), y.credentials()];
    if (!recorded || secretA?.kind !== 'secret' || tokenX?.kind !== 'token' || tokenY?.kind !== 'token') return;
    const registration = recorded;
    await t.operator.readDevice('before-a', a.deviceName);

    await a.register('registration-by-device-secret', { productSecret: secretA.deviceSecret });
    await t.pace();
    const product = await t.otherProduct();
    await t.unit('other', { mode: 'regnwl', deviceName: t.name('other'), product }).register('other-product-registers');
    await a.register('registration-by-other-product', { productSecret: product.productSecret });
    await t.pace();
    await a.connect('connect-by-product-secret', { credentials: { kind: 'secret', deviceSecret: t.product.productSecret } });
    await t.pace();
    await a.connect('secret-as-token', { credentials: { kind: 'token', clientId: a.deviceName, deviceToken: secretA.deviceSecret } });
    await t.pace();
    const replay = (without: RegExp): { fields: () => ConnectFields } => ({
      fields: () => ({ ...registration, clientId: registration.clientId.replace(without, '') }),
    });
    await a.connect('replayed-without-auth-type', replay(/authType=[a-z]+,/));
    await t.pace();
    await a.connect('replayed-as-sign-in', replay(/authType=[a-z]+,|random=[^,|]*,/g));
    await t.pace();
    await t.operator.readDevice('status-a', a.deviceName);
    await t.pace();
    await x.connect('token-as-key', { credentials: { kind: 'secret', deviceSecret: tokenX.deviceToken } });
    await t.pace();
    await y.connect('token-of-x', { credentials: tokenX });

    await guard.post('alive');
    await t.pace();
    await a.register('a-registers-again');
    await a.connect('a-connects');
    await x.connect('x-connects');
    await y.connect('y-connects');
  },
  checks: [
    ...(['registration-by-device-secret', 'registration-by-other-product'] as const).map(
      (attempt) =>
        ({
          id: attempt,
          rule: 'RULE-01',
          oracle: 'refused',
          on: { attempt, control: 'a-registers-again', alive: 'alive', code: CONNACK.credentials },
        }) as const,
    ),
    { id: 'other-product-registers', rule: 'RULE-01', oracle: 'issued', on: { attempt: 'other-product-registers' } },
    {
      id: 'replayed-without-auth-type',
      rule: 'RULE-09',
      oracle: 'refused',
      on: { attempt: 'replayed-without-auth-type', control: 'a-registers', alive: 'alive', code: CONNACK.identifier },
    },
    ...(
      [
        ['connect-by-product-secret', 'a-connects'],
        ['secret-as-token', 'a-connects'],
        ['replayed-as-sign-in', 'a-connects'],
      ] as const
    ).map(([attempt, control]) => ({ id: attempt, rule: 'RULE-20', oracle: 'refused', on: { attempt, control, alive: 'alive' } }) as const),
    { id: 'a-not-activated', rule: 'RULE-20', oracle: 'factUnchanged', on: { fact: 'activated', before: 'before-a', after: 'status-a' } },
    ...(
      [
        ['token-as-key', 'x-connects'],
        ['token-of-x', 'y-connects'],
      ] as const
    ).map(([attempt, control]) => ({ id: attempt, rule: 'RULE-55', oracle: 'refused', on: { attempt, control, alive: 'alive' } }) as const),
  ],
});
