import { definePlatformCase } from '../../engine/case.ts';

const KEEP_ALIVES = [0, 10, 5000, 65535] as const;

// What a registration may say as it likes. A name for each attempt, so that none takes a slot from another.
export default definePlatformCase({
  id: 'platform/nwl/not-examined',
  title: {
    en: 'The keep-alive of a registration and the case of its signature do not matter',
    'zh-CN': '注册请求的保活时间与签名大小写均不受检查',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('regnwl');
    const unit = (label: string) => t.unit(label, { mode: 'regnwl', deviceName: t.name(label) });
    for (const keepAlive of KEEP_ALIVES) {
      await unit(`keep-alive-${keepAlive}`).register(`keep-alive-${keepAlive}`, { fields: (fields) => ({ ...fields, keepAlive }) });
    }
    await unit('upper-case').register('upper-case', { fields: (fields) => ({ ...fields, password: fields.password.toUpperCase() }) });
    await unit('mixed-case').register('mixed-case', {
      fields: (fields) => ({
        ...fields,
        password: fields.password.replace(/[a-f]/g, (digit, at: number) => (at % 2 ? digit.toUpperCase() : digit)),
      }),
    });
    await unit('control').register('control');
    await guard.post('alive');
  },
  checks: [
    ...KEEP_ALIVES.map(
      (seconds) =>
        ({
          id: `keep-alive-${seconds}`,
          rule: 'RULE-03',
          oracle: 'acceptedLikeControl',
          on: { attempt: `keep-alive-${seconds}`, control: 'control', alive: 'alive' },
        }) as const,
    ),
    ...['upper-case', 'mixed-case'].map(
      (attempt) =>
        ({ id: attempt, rule: 'RULE-04', oracle: 'acceptedLikeControl', on: { attempt, control: 'control', alive: 'alive' } }) as const,
    ),
  ],
});
