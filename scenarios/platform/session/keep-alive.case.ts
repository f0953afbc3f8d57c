import { KEEP_ALIVE_MAX, KEEP_ALIVE_MIN } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';

/** What a CONNECT can hold at most, seconds. */
const LARGEST = 65_535;
const span = (seconds: number): string => `keep-alive-${seconds}`;
/** Too short, the edges, and what the documents leave open. */
const TRIED = [KEEP_ALIVE_MIN - 1, KEEP_ALIVE_MIN, KEEP_ALIVE_MAX, 0, KEEP_ALIVE_MAX + 1, LARGEST];

export default definePlatformCase({
  id: 'platform/session/keep-alive',
  title: {
    en: 'An ordinary connection may ask for a keep-alive of 30 to 1200 s',
    'zh-CN': '普通连接的保活时间可为 30～1200 秒',
  },
  profiles: ['prereg'],
  needs: 'cell',
  async drive(t) {
    const guard = await t.guard('register');
    const unit = t.unit('unit', { mode: 'register', deviceName: await t.added('unit') });
    await unit.register('registers');
    for (const keepAlive of TRIED) {
      await t.pace();
      await unit.connect(span(keepAlive), { fields: (fields) => ({ ...fields, keepAlive }) });
      await unit.disconnect(`${span(keepAlive)}-leaves`);
    }
    await guard.post('alive');
  },
  checks: [
    {
      id: 'too-short',
      rule: 'RULE-58',
      oracle: 'refused',
      on: { attempt: span(KEEP_ALIVE_MIN - 1), control: span(KEEP_ALIVE_MIN), alive: 'alive' },
    },
    { id: 'shortest', rule: 'RULE-58', oracle: 'accepted', on: { attempt: span(KEEP_ALIVE_MIN) } },
    { id: 'longest', rule: 'RULE-58', oracle: 'accepted', on: { attempt: span(KEEP_ALIVE_MAX) } },
    {
      id: 'beyond',
      rule: 'RULE-58',
      oracle: 'answers',
      on: { attempts: [span(0), span(KEEP_ALIVE_MAX + 1), span(LARGEST)] },
      reading: true,
    },
  ],
});
