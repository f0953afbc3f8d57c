import { definePlatformCase, type CaseUnit } from '../../engine/case.ts';
import { member } from '../../judge/oracles/crowd.ts';
import { inLanes } from './lanes.ts';

const COUNT = 1_000;
const STORM = { name: 'storm', count: COUNT } as const;
const STAYS = { name: 'stays', count: COUNT } as const;
const POSTS = { name: 'posts', count: COUNT } as const;
const RECONNECTS = { name: 'reconnects', count: COUNT } as const;
const LANES = 100;
/** How many have come through when the operator moves. */
const MIDDLE = 450;
/** Between two units of a lane: whoever starts after the answer starts later by the clock, too. */
const GAP_MS = 1;

export default definePlatformCase({
  id: 'platform/scale/switch-off-in-a-storm',
  title: {
    en: 'Registration is turned off in the middle of 1,000 first registrations',
    'zh-CN': '在 1000 台设备首次注册的高峰中关闭动态注册',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  limits: 'off',
  async drive(t) {
    const guard = await t.guard('register');
    const units: CaseUnit[] = [];
    for (let n = 1; n <= COUNT; n++) {
      const label = member(STORM, n);
      // Pre-registered and not, in turn.
      const deviceName = n % 2 === 1 ? await t.added(label) : t.name(label);
      units.push(t.unit(label, { mode: n % 2 === 1 ? 'register' : 'regnwl', deviceName }));
    }
    let over = (): void => undefined;
    const whenOver = new Promise<void>((resolve) => (over = resolve));
    const staying: Promise<void>[] = [];
    const online = new Set<number>();
    const refused: CaseUnit[] = [];
    let through = 0;
    let switched: Promise<void> | undefined;
    await inLanes(COUNT, LANES, async (n) => {
      const unit = units[n - 1] as CaseUnit;
      const outcome = await unit.boot(member(STORM, n));
      if (outcome.kind === 'accepted') {
        online.add(n);
        staying.push(unit.watchEnd(member(STAYS, n), whenOver));
      } else refused.push(unit);
      through += 1;
      if (through === MIDDLE) switched = t.operator.setDynamicRegistration('off', false);
      await t.wait(GAP_MS);
    });
    await switched;
    await guard.post('alive');
    over();
    await Promise.all(staying);
    await inLanes(COUNT, LANES, async (n) => {
      if (!online.has(n)) return;
      await units[n - 1]?.post(member(POSTS, n));
    });
    await t.pace();
    await inLanes(COUNT, LANES, async (n) => {
      if (!online.has(n)) return;
      await units[n - 1]?.connect(member(RECONNECTS, n));
    });
    await t.operator.setDynamicRegistration('on', true);
    await refused.at(-1)?.boot('on-again');
  },
  checks: [
    { id: 'no-half-state', rule: 'RULE-11', oracle: 'credentialsOrRefusal', on: { crowd: STORM, off: 'off' } },
    { id: 'late-refused', rule: 'RULE-11', oracle: 'lateRefused', on: { crowd: STORM, off: 'off', control: 'on-again', alive: 'alive' } },
    {
      id: 'nobody-disturbed',
      rule: 'RULE-12',
      oracle: 'sparedBySwitch',
      on: { crowd: STORM, off: 'off', stays: STAYS, posts: POSTS, reconnects: RECONNECTS },
    },
    { id: 'on-again', rule: 'RULE-11', oracle: 'accepted', on: { attempt: 'on-again' } },
  ],
});
