import { definePlatformCase } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

const ROUNDS = 6;
const round = (i: number): string => `round-${i}`;
const ROUND_NUMBERS = Array.from({ length: ROUNDS }, (_, i) => i + 1);

// A fleet that shares credentials: two units push each other out in turn, and every turn ends the same way.
export default definePlatformCase({
  id: 'platform/session/ping-pong',
  title: {
    en: 'Two units with one certificate push each other out in turn, every time',
    'zh-CN': '持有同一证书的两台设备每次都把对方挤下线',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const deviceName = t.name('shared');
    const units = [t.unit('one', { mode: 'regnwl', deviceName }), t.unit('other', { mode: 'regnwl', deviceName })] as const;
    await units[0].boot('boots');
    const credentials = units[0].credentials();
    if (!credentials) return;
    for (const i of ROUND_NUMBERS) {
      await t.pace();
      const [older, newer] = i % 2 === 0 ? [units[1], units[0]] : units;
      await whileReplaced(t, older, `pushed-out-${i}`, () => newer.connect(round(i), { credentials }));
    }
    await units[ROUNDS % 2 === 0 ? 0 : 1].post('last-posts');
  },
  checks: [
    ...ROUND_NUMBERS.flatMap((i) => [
      { id: `newer-${i}`, rule: 'RULE-57', oracle: 'accepted', on: { attempt: round(i) } } as const,
      { id: `older-${i}`, rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: `pushed-out-${i}` } } as const,
    ]),
    { id: 'last-lives', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'last-posts' } },
  ],
});
