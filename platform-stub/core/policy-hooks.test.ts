// What a wrong platform can do besides answering otherwise: each way that an entry of the policy may reach further, seen from outside.
import { expect, it } from 'vitest';
import { Bench, brief, DN, PK } from '../bench.testkit.ts';
import { POLICY, withEntry } from './policy.ts';

const NEIGHBOUR = 'meter-0002';

it('a refusal can end the connection of the device that it names, and of nobody else', () => {
  const policy = withEntry('RULE-01', (isVerified, { device, end }) => {
    if (!isVerified) end(device?.sessions ?? []);
    return isVerified;
  });
  const bench = new Bench({ policy }).add(DN, NEIGHBOUR);
  bench.signIn(bench.issue());
  const hit = bench.session;
  bench.signIn(bench.issue('register', NEIGHBOUR), NEIGHBOUR);
  expect(brief(bench.register('register', DN, { ps: 'another product secret' }))).toBe('4 signature');
  expect(bench.closed).toEqual([{ session: hit, reason: 'kicked', atMs: 0 }]);
  expect([bench.status(), bench.status(NEIGHBOUR)]).toEqual(['OFFLINE', 'ONLINE']);
});

it('a malformed request names its device where the user name can be read', () => {
  const seen: (string | undefined)[] = [];
  const policy = withEntry('RULE-09', (asked) => {
    seen.push(asked?.device?.deviceName);
    return POLICY['RULE-09'](asked);
  });
  const bench = new Bench({ policy }).add(DN);
  const identifier = 'x|authType=register,signmethod=hmacsha1|';
  bench.register('register', DN, { request: { identifier } });
  bench.register('register', DN, { request: { identifier, username: 'no-ampersand' } });
  bench.register('register', NEIGHBOUR, { request: { identifier } });
  expect(seen).toEqual([DN, undefined, undefined]);
});

it('a switch can know the mode, and a signature the text that it should cover', () => {
  const policy = withEntry('RULE-11', (product, { mode, signature, signedBy }) => {
    expect(signature).toBe(signedBy(product.productSecret));
    return product.dynamicRegistration || mode === 'regnwl';
  });
  const bench = new Bench({ policy, dynamicRegistration: false }).add(DN);
  expect((['register', 'regnwl'] as const).map((mode) => brief(bench.register(mode, mode === 'register' ? DN : NEIGHBOUR)))).toEqual([
    '4 switch-off',
    'registered',
  ]);
});

it('the older connection can win, and a kick can hit whom the policy names', () => {
  const older = new Bench({ policy: withEntry('RULE-57', () => 'older-wins') }).add(DN);
  const credentials = older.issue();
  expect([brief(older.signIn(credentials)), brief(older.signIn(credentials)), older.closed]).toEqual(['online', '4 credentials', []]);

  const policy = withEntry('RULE-57', (_device, live) => [...live].filter((one) => one.deviceName === NEIGHBOUR));
  const bench = new Bench({ policy }).add(DN, NEIGHBOUR);
  bench.signIn(bench.issue('register', NEIGHBOUR), NEIGHBOUR);
  const hit = bench.session;
  bench.signIn(bench.issue());
  expect(bench.closed.map(({ session }) => session)).toEqual([hit]);
});

it('a name that was deleted can stay closed, be active from the start, or stay on the list', () => {
  const again = (policy: typeof POLICY): unknown[] => {
    const bench = new Bench({ policy }).add(DN);
    bench.on('DeleteDevice');
    const gone = bench.status();
    bench.add(DN);
    return [gone, bench.status(), brief(bench.register())];
  };
  expect(again(POLICY)).toEqual([undefined, 'UNACTIVE', 'registered']);
  expect(again(withEntry('RULE-33', () => 'closed-name'))).toEqual([undefined, 'UNACTIVE', '4 activated']);
  expect(again(withEntry('RULE-33', () => 'already-active'))).toEqual([undefined, 'OFFLINE', 'registered']);
  expect(again(withEntry('RULE-32', () => 'listed'))).toEqual(['DISABLE', 'DISABLE', '4 disabled']);
});

it('a reply can lack its token, and a secret be that of another device', () => {
  const bench = new Bench({ policy: withEntry('RULE-38', () => 'without-token') });
  const decision = bench.register('regnwl');
  expect(decision.kind === 'registered' && Object.keys(JSON.parse(decision.payload) as object)).toEqual([
    'clientId',
    'productKey',
    'deviceName',
  ]);

  const policy = withEntry('RULE-18', (device, product) => product.devices.get(NEIGHBOUR) ?? device);
  const mixed = new Bench({ policy }).add(DN, NEIGHBOUR);
  expect([brief(mixed.signIn(mixed.issue())), brief(mixed.signIn(mixed.issue('register', NEIGHBOUR), NEIGHBOUR))]).toEqual([
    '4 credentials',
    'online',
  ]);
});

it('a Switch or a Clear can end sessions and forget to forbid the way back', () => {
  const policy = {
    ...withEntry('RULE-46', (issued, of) => (of === 'list' ? [...issued] : [])),
    'RULE-45': ((issued, kept, of) =>
      of === 'list' ? [...issued] : issued.filter((one) => one.clientId === kept)) as (typeof POLICY)['RULE-45'],
  };
  const bench = new Bench({ policy });
  const [one, other] = [bench.issue('regnwl'), bench.issue('regnwl')];
  bench.signIn(one);
  const kept = (other as { clientId: string }).clientId;
  bench.operate({ action: 'TransformClientId', productKey: PK, deviceName: DN, clientId: kept });
  expect(bench.closed.map(({ reason }) => reason)).toEqual(['switched']);
  expect(brief(bench.signIn(one))).toBe('online');
  bench.on('DeleteClientIds');
  expect(bench.closed.map(({ reason }) => reason)).toEqual(['switched', 'cleared']);
  expect(brief(bench.signIn(one))).toBe('online');
});

it('activation can fail to happen, and an end of a connection be seen', () => {
  const ends: string[] = [];
  const bench = new Bench({
    policy: {
      ...withEntry('RULE-20', () => 'never'),
      'RULE-56': (online, ended) => {
        if (ended) ends.push(`${ended.device.deviceName}: ${ended.reason}`);
        return POLICY['RULE-56'](online, ended);
      },
    },
  }).add(DN);
  bench.signIn(bench.issue());
  expect(bench.status()).toBe('UNACTIVE');
  bench.hangUp();
  expect(ends).toEqual([`${DN}: Device disconnect`]);
});
