// Lives of devices, through the platform's front door: registrations, sign-ins, an operator, and time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCompact, parseReply } from '../../protocol/payload.ts';
import { SIGN_METHODS } from '../../protocol/sign.ts';
import { Bench, brief, credentialsOf, DN, PK, PLAIN, PS, registration, type Credentials } from '../bench.testkit.ts';
import { withEntry } from './policy.ts';

const same = (one: Credentials, other: Credentials): boolean => JSON.stringify(one) === JSON.stringify(other);
const switchTo = (bench: Bench, credentials: Credentials): unknown =>
  bench.operate({
    action: 'TransformClientId',
    productKey: PK,
    deviceName: DN,
    clientId: 'clientId' in credentials ? credentials.clientId : '',
  });

describe('a registration', () => {
  it.each(SIGN_METHODS)('is accepted with %s, in both modes, and the reply is compact JSON for that device', (signMethod) => {
    const bench = new Bench();
    for (const mode of ['register', 'regnwl'] as const) {
      const dn = `${mode}-device`;
      const decision = bench.add('register-device').register(mode, dn, { signMethod });
      if (decision.kind !== 'registered') throw new Error(brief(decision));
      expect(decision.topic).toBe(`/ext/${mode}`);
      expect(isCompact(decision.payload)).toBe(true);
      expect(parseReply(decision.payload)).toMatchObject({ kind: mode, productKey: PK, deviceName: dn });
      expect(brief(bench.signIn(credentialsOf(decision), dn, { signMethod }))).toBe('online');
    }
  });

  it('issues what nobody else has, and the same for the same seed', () => {
    const issue = (): string[] => {
      const bench = new Bench();
      const names = Array.from({ length: 50 }, (_, i) => `meter-${1000 + i}`);
      bench.add(...names.slice(0, 25));
      return names.map((dn, i) => JSON.stringify(bench.issue(i < 25 ? 'register' : 'regnwl', dn)));
    };
    const issued = issue();
    expect(new Set(issued).size).toBe(50);
    expect(issue()).toEqual(issued);
  });

  it('gives a device the same credentials whatever the others do', () => {
    const [quiet, busy] = [new Bench(), new Bench()];
    busy.add('other-1', 'other-2');
    for (const dn of ['other-1', 'other-2']) busy.issue('register', dn);
    for (const dn of ['other-3', 'other-3', 'other-4']) busy.issue('regnwl', dn);
    expect(busy.add(DN).issue()).toEqual(quiet.add(DN).issue());
    expect(busy.issue('regnwl', 'token-1')).toEqual(quiet.issue('regnwl', 'token-1'));
  });

  it('accepts a secret that was given when the device was added', () => {
    const bench = new Bench();
    bench.operate({ action: 'AddDevice', productKey: PK, deviceName: DN, deviceSecret: 'from-the-factory' });
    expect(bench.issue()).toEqual({ deviceSecret: 'from-the-factory' });
  });

  it('RULE-23: a console-copied secret opens without any registration, and activates', () => {
    const bench = new Bench();
    bench.operate({ action: 'AddDevice', productKey: PK, deviceName: DN, deviceSecret: 'from-the-factory' });
    expect([brief(bench.signIn({ deviceSecret: 'from-the-factory' })), bench.status(), brief(bench.register())]).toEqual([
      'online',
      'ONLINE',
      '4 activated',
    ]);
  });

  it('RULE-13: what was delivered before the switch went off still opens', () => {
    const bench = new Bench();
    const [secret, token] = [bench.add(DN).issue(), bench.issue('regnwl', 'token-1')];
    bench.switch(false);
    expect([brief(bench.signIn(secret)), brief(bench.signIn(token, 'token-1'))]).toEqual(['online', 'online']);
    expect(brief(bench.register('regnwl', 'token-2'))).toBe('4 switch-off');
    bench.switch(true);
    expect(brief(bench.register('regnwl', 'token-2'))).toBe('registered');
  });

  it('RULE-14: nothing registers while the switch is off from the start', () => {
    const bench = new Bench({ dynamicRegistration: false });
    expect(brief(bench.add(DN).register())).toBe('4 switch-off');
  });

  it('RULE-53: neither mode takes over a device of the other once it has its credentials', () => {
    const bench = new Bench();
    bench.issue('regnwl', 'token-1');
    expect(brief(bench.register('register', 'token-1'))).toBe('4 activated');
    const secret = bench.add('secret-1').issue('register', 'secret-1');
    bench.signIn(secret, 'secret-1');
    expect(brief(bench.register('regnwl', 'secret-1'))).toBe('4 activated');
    // Added but inactive: becomes a token device, and its secret opens nothing.
    const early = bench.add('both-0001').issue('register', 'both-0001');
    const token = bench.issue('regnwl', 'both-0001');
    expect([brief(bench.signIn(early, 'both-0001')), brief(bench.signIn(token, 'both-0001'))]).toEqual(['4 credentials', 'online']);
  });
});

describe('ResetThing', () => {
  it('with a stable secret: registers again and gets the same secret; the live session stays', () => {
    const bench = new Bench({ edition: 'doc2020' });
    const first = bench.add(DN).issue();
    bench.signIn(first);
    bench.on('ResetThing');
    expect([bench.status(), bench.closed]).toEqual(['ONLINE', []]);
    const second = bench.issue();
    expect(same(first, second)).toBe(true);
    expect(brief(bench.signIn(second))).toBe('online');
  });

  it.each(['doc2021', 'doc2023'] as const)(
    'with rotating secrets (%s): a new one, the last delivered works, the one before does not',
    (edition) => {
      const bench = new Bench({ edition });
      const first = bench.add(DN).issue();
      bench.signIn(first);
      bench.on('ResetThing');
      // RULE-28: the old secret works until another was delivered.
      expect(brief(bench.signIn(first))).toBe('online');
      const second = bench.issue();
      const third = bench.issue();
      expect(new Set([first, second, third].map((one) => JSON.stringify(one))).size).toBe(3);
      expect([first, second, third].map((one) => brief(bench.signIn(one)))).toEqual(['4 credentials', '4 credentials', 'online']);
    },
  );

  it('RULE-29: the device counts as registered again at its next connect, not before', () => {
    const bench = new Bench();
    const credentials = bench.add(DN).issue();
    bench.signIn(credentials);
    bench.on('ResetThing');
    expect([1, 2, 3].map(() => brief(bench.register()))).toEqual(['registered', 'registered', 'registered']);
    bench.signIn(credentials);
    expect(brief(bench.register())).toBe('4 activated');
  });

  it('RULE-30, RULE-31: does nothing to a device that never activated, nor to ClientIDs', () => {
    const bench = new Bench();
    bench.add(DN).issue();
    expect([bench.on('ResetThing').ok, bench.status(), brief(bench.register())]).toEqual([true, 'UNACTIVE', 'registered']);
    const token = bench.issue('regnwl', 'token-1');
    bench.on('ResetThing', 'token-1');
    expect([bench.clientIds('token-1').length, brief(bench.signIn(token, 'token-1'))]).toEqual([1, 'online']);
  });
});

describe('registering again before activation', () => {
  it('delivers the secret delivered last, whatever the edition, and that one works', () => {
    fc.assert(
      fc.property(fc.constantFrom('doc2020', 'doc2021', 'doc2023'), fc.integer({ min: 1, max: 6 }), (edition, times) => {
        const bench = new Bench({ edition });
        bench.add(DN);
        const issued = Array.from({ length: times }, () => bench.issue());
        expect(new Set(issued.map((one) => JSON.stringify(one))).size).toBe(edition === 'doc2020' ? 1 : times);
        const last = issued.at(-1) as Credentials;
        for (const one of issued) expect(brief(bench.signIn(one))).toBe(same(one, last) ? 'online' : '4 credentials');
      }),
    );
  });
});

describe('five ClientIDs', () => {
  it('are all that a DeviceName gets, connected or not; Clear makes room for five', () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) expect(brief(bench.signIn(bench.issue('regnwl')))).toBe('online');
    expect(brief(bench.register('regnwl'))).toBe('4 cap');
    // Not a throttle: time changes nothing.
    bench.clock.advance(61_000);
    expect(brief(bench.register('regnwl'))).toBe('4 cap');
    // The cap is a name's, not the product's.
    expect(brief(bench.register('regnwl', 'token-2'))).toBe('registered');
    bench.on('DeleteClientIds');
    expect(Array.from({ length: 6 }, () => brief(bench.register('regnwl')))).toEqual([...Array<string>(5).fill('registered'), '4 cap']);
  });

  it('are not spent by attempts that were refused, nor by reconnects', () => {
    const bench = new Bench();
    const token = bench.issue('regnwl');
    for (let i = 0; i < 10; i++) {
      bench.register('regnwl', DN, { ps: 'wrong' });
      bench.register('regnwl', DN, { request: { facts: PLAIN } });
      bench.signIn(token);
    }
    expect(Array.from({ length: 5 }, () => brief(bench.register('regnwl')))).toEqual([...Array<string>(4).fill('registered'), '4 cap']);
  });

  it('never come back: ids after a Clear, a delete or for another name are new', () => {
    const bench = new Bench();
    const seen: Credentials[] = [];
    for (let i = 0; i < 3; i++) seen.push(bench.issue('regnwl'));
    bench.on('DeleteClientIds');
    for (let i = 0; i < 3; i++) seen.push(bench.issue('regnwl'));
    bench.on('DeleteDevice');
    for (let i = 0; i < 3; i++) seen.push(bench.issue('regnwl'));
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(9);
    expect(seen.map((one) => brief(bench.signIn(one)))).toEqual([
      ...Array<string>(6).fill('4 credentials'),
      ...Array<string>(3).fill('online'),
    ]);
  });
});

describe('Switch', () => {
  it('RULE-47: ends the session of a forbidden ClientID and leaves the retained one', () => {
    const bench = new Bench();
    const [one, two] = [bench.issue('regnwl'), bench.issue('regnwl')];
    bench.signIn(one);
    switchTo(bench, one);
    expect([bench.closed, bench.status()]).toEqual([[], 'ONLINE']);
    bench.issue('regnwl');
    bench.signIn(two);
    const third = bench.issue('regnwl');
    const live = bench.signIn(third);
    expect([brief(live), bench.closed.map((closed) => closed.reason)]).toEqual(['online', ['kicked']]);
    switchTo(bench, one);
    expect([bench.closed.map((closed) => closed.reason), bench.status()]).toEqual([['kicked', 'switched'], 'OFFLINE']);
  });

  it('RULE-49: frees slots; RULE-50: a ClientID that is not listed changes nothing', () => {
    const bench = new Bench();
    const issued = Array.from({ length: 5 }, () => bench.issue('regnwl'));
    const before = bench.clientIds();
    expect(switchTo(bench, { clientId: 'unknown', deviceToken: '' })).toMatchObject({ ok: false });
    expect(bench.clientIds()).toEqual(before);
    switchTo(bench, issued[2] as Credentials);
    expect(bench.clientIds()).toEqual([before[2]]);
    // RULE-48: what was switched away is gone for good.
    expect(switchTo(bench, issued[0] as Credentials)).toMatchObject({ ok: false });
    expect(Array.from({ length: 5 }, () => brief(bench.register('regnwl')))).toEqual([...Array<string>(4).fill('registered'), '4 cap']);
  });
});

describe('deleting and adding again', () => {
  it('closes the session, ends the certificate, and starts a new incarnation', () => {
    const bench = new Bench();
    const first = bench.add(DN).issue();
    bench.signIn(first);
    const iotId = bench.detail()?.iotId;
    expect(bench.on('DeleteDevice').ok).toBe(true);
    expect([bench.closed.map((one) => one.reason), bench.detail()]).toEqual([['deleted'], undefined]);
    expect(brief(bench.register())).toBe('4 not-added');
    bench.add(DN);
    expect([bench.status(), bench.detail()?.iotId === iotId]).toEqual(['UNACTIVE', false]);
    const second = bench.issue();
    expect([same(first, second), brief(bench.signIn(first)), brief(bench.signIn(second))]).toEqual([false, '4 credentials', 'online']);
  });

  it('RULE-35: the ClientIDs of a deleted device die with it, and the count starts again', () => {
    const bench = new Bench();
    const old = Array.from({ length: 5 }, () => bench.issue('regnwl'));
    bench.on('DeleteDevice');
    expect(old.map((one) => brief(bench.signIn(one)))).toEqual(Array<string>(5).fill('4 credentials'));
    expect(Array.from({ length: 6 }, () => brief(bench.register('regnwl')))).toEqual([...Array<string>(5).fill('registered'), '4 cap']);
  });

  it('what a broker keeps for a session belongs to one certificate, not to the name', () => {
    const bench = new Bench();
    const brokerId = (credentials: Credentials): string => {
      const decision = bench.signIn(credentials);
      if (decision.kind !== 'online') throw new Error(brief(decision));
      return decision.brokerId;
    };
    const [one, two] = [bench.issue('regnwl'), bench.issue('regnwl')];
    const ids = [brokerId(one), brokerId(two)];
    expect(brokerId(one)).toBe(ids[0]);
    bench.on('DeleteDevice');
    const secret = bench.add(DN).issue();
    ids.push(brokerId(secret));
    expect(brokerId(secret)).toBe(ids[2]);
    bench.on('DeleteDevice');
    ids.push(brokerId(bench.add(DN).issue()));
    expect(new Set(ids).size).toBe(4);
  });
});

describe('status', () => {
  it('is DISABLE while disabled, and after that what it was', () => {
    const bench = new Bench();
    bench.add(DN, 'never-on');
    const credentials = bench.issue();
    bench.signIn(credentials);
    bench.hangUp();
    for (const dn of [DN, 'never-on']) bench.on('DisableThing', dn);
    expect([
      bench.status(),
      bench.status('never-on'),
      brief(bench.signIn(credentials)),
      brief(bench.register('regnwl', 'never-on')),
    ]).toEqual(['DISABLE', 'DISABLE', '4 disabled', '4 disabled']);
    for (const dn of [DN, 'never-on']) bench.on('EnableThing', dn);
    expect([bench.status(), bench.status('never-on'), brief(bench.signIn(credentials))]).toEqual(['OFFLINE', 'UNACTIVE', 'online']);
  });

  it('RULE-43: names the ClientID of the current connection', () => {
    const bench = new Bench();
    const token = bench.issue('regnwl');
    expect(bench.detail()?.clientId).toBeNull();
    bench.signIn(token);
    expect(bench.detail()?.clientId).toBe('clientId' in token ? token.clientId : '');
    bench.hangUp();
    expect(bench.detail()?.clientId).toBeNull();
  });

  it('RULE-51: the newest of two ClientIDs wins, the older is kicked', () => {
    const bench = new Bench();
    const [one, two] = [bench.issue('regnwl'), bench.issue('regnwl')];
    bench.signIn(one);
    const first = bench.session;
    bench.signIn(two);
    expect(bench.closed).toMatchObject([{ session: first, reason: 'kicked' }]);
    // The kicked one leaving late takes nothing from the newer.
    bench.platform.closed(first);
    expect(bench.status()).toBe('ONLINE');
  });

  it('counts devices, active and online ones', () => {
    const bench = new Bench();
    bench.add('a-01', 'b-02', 'c-03');
    bench.signIn(bench.issue('register', 'a-01'), 'a-01');
    bench.signIn(bench.issue('register', 'b-02'), 'b-02');
    bench.hangUp();
    bench.register('register', 'c-03');
    expect(bench.operate({ action: 'QueryDeviceStatistics', productKey: PK })).toEqual({
      ok: true,
      kind: 'statistics',
      statistics: { deviceCount: 3, activeCount: 2, onlineCount: 1 },
    });
  });
});

describe("an operator's request that cannot be carried out", () => {
  it('says why and changes nothing', () => {
    const bench = new Bench();
    bench.add(DN);
    const refused = [
      bench.operate({ action: 'CreateProduct', productKey: PK, productSecret: 'another', dynamicRegistration: false }),
      bench.operate({ action: 'CreateProduct', productKey: 'not a key', productSecret: PS, dynamicRegistration: true }),
      bench.operate({ action: 'AddDevices', productKey: PK, deviceNames: ['new-0001', DN] }),
      bench.operate({ action: 'AddDevices', productKey: PK, deviceNames: ['new-0001', 'new-0001'] }),
      bench.operate({ action: 'AddDevices', productKey: PK, deviceNames: ['new-0001', 'x'] }),
      bench.operate({ action: 'AddDevice', productKey: 'unknown', deviceName: DN }),
      bench.on('DeleteDevice', 'unknown-1'),
    ];
    expect(refused.map((one) => (one.ok ? 'ok' : one.code))).toEqual([
      'iot.prod.AlreadyExistedProductName',
      'iot.prod.InvalidFormattedProductkey',
      'iot.device.AlreadyExistedDeviceName',
      'iot.device.AlreadyExistedDeviceName',
      'iot.device.InvalidFormattedDeviceName',
      'iot.prod.NotExistedProduct',
      'iot.device.NotExistedDevice',
    ]);
    expect([bench.status('new-0001'), brief(bench.register())]).toEqual([undefined, 'registered']);
  });
});

describe('time', () => {
  it('ends each registration connection 15 s after its own reply, and no other', () => {
    const bench = new Bench();
    const sessions: number[] = [];
    for (let i = 0; i < 3; i++) {
      bench.register('regnwl', `token-${i}`);
      sessions.push(bench.session);
      bench.platform.replied(bench.session);
      bench.clock.advance(300);
    }
    // The second leaves by itself.
    bench.hangUp(sessions[1]);
    const device = bench.signIn(bench.issue('regnwl', 'token-9'), 'token-9', { keepAlive: 1200 });
    expect(brief(device)).toBe('online');
    bench.clock.advance(60_000);
    expect(bench.closed).toEqual([
      { session: sessions[0], reason: 'registration-over', atMs: 15_000 },
      { session: sessions[2], reason: 'registration-over', atMs: 15_600 },
    ]);
  });

  it('does not end a registration connection before it was answered', () => {
    const bench = new Bench();
    bench.register('regnwl');
    bench.clock.advance(100_000);
    expect(bench.closed).toEqual([]);
  });

  it('drops a silent device at the first scan after 1.5 keep-alives; a packet starts the count again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30, max: 1300 }),
        fc.nat(29_999),
        fc.array(fc.integer({ min: 1, max: 1800 }), { maxLength: 5 }),
        (keepAlive, phase, gaps) => {
          const bench = new Bench();
          bench.clock.advance(phase);
          bench.signIn(bench.issue('regnwl'), DN, { keepAlive });
          const allowed = Math.min(keepAlive, 1200) * 1_500;
          let lastPacketAt = bench.clock.now();
          for (const gap of gaps) {
            if (gap * 1000 >= allowed) break;
            bench.clock.advance(gap * 1000);
            bench.platform.touch(bench.session);
            lastPacketAt = bench.clock.now();
          }
          expect(bench.closed).toEqual([]);
          const startedAt = bench.clock.now();
          bench.clock.advance(allowed + 60_000);
          expect(bench.closed).toHaveLength(1);
          const { reason, atMs } = bench.closed[0] as Bench['closed'][number];
          const droppedAt = 1_700_000_000_000 + atMs;
          expect([reason, bench.status()]).toEqual(['keep-alive', 'OFFLINE']);
          expect(droppedAt % 30_000).toBe(0);
          expect(droppedAt).toBeGreaterThan(lastPacketAt + allowed);
          expect(droppedAt).toBeLessThanOrEqual(lastPacketAt + allowed + 30_000);
          expect(startedAt).toBe(lastPacketAt);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves no timer behind: none without sessions, none after stop', () => {
    const bench = new Bench();
    expect(bench.clock.alarms).toBe(0);
    bench.signIn(bench.issue('regnwl'));
    bench.hangUp();
    bench.clock.advance(60_000);
    expect(bench.clock.alarms).toBe(0);
    bench.signIn(bench.issue('regnwl'));
    bench.register('regnwl', 'token-2');
    bench.platform.replied(bench.session);
    expect(bench.clock.alarms).toBe(2);
    bench.platform.stop();
    expect([bench.clock.alarms, bench.platform.openSessions]).toEqual([0, 0]);
  });

  it('arms nothing for a reply that is written while the platform stops', () => {
    // A front closes its connections in its own time: the session may still stand when its reply is written.
    const bench = new Bench();
    const session = bench.platform.open(() => undefined);
    bench.platform.connect({ ...registration('regnwl'), session });
    bench.platform.stop();
    bench.platform.replied(session);
    expect(bench.clock.alarms).toBe(0);
  });

  it('a mutant may wait another time', () => {
    const bench = new Bench({ policy: withEntry('RULE-06', () => 3_000) });
    bench.register('regnwl');
    bench.platform.replied(bench.session);
    bench.clock.advance(3_000);
    expect(bench.closed).toMatchObject([{ atMs: 3_000 }]);
  });
});
