import { describe, expect, it } from 'vitest';
import { Bench, DN, PK, PS, registration } from '../bench.testkit.ts';
import { Log, logLines, type NewEntry } from './log.ts';

const entry = (more: Partial<NewEntry> = {}): NewEntry => ({
  type: 'device',
  productKey: PK,
  deviceName: DN,
  operation: 'online',
  code: 200,
  reason: 'success',
  ...more,
});

describe('the log', () => {
  it('keeps the newest entries of each book, and gives the newest first', () => {
    const log = new Log('run', 3);
    for (let at = 1; at <= 5; at++) log.add(entry({ reason: `r${at}` }), at);
    log.add(entry({ type: 'registration', operation: 'register' }), 6);
    expect(log.query({ book: 'platform' }).map((one) => one.reason)).toEqual(['r5', 'r4', 'r3']);
    expect(log.query().map((one) => [one.seq, one.book])).toEqual([
      [6, 'audit'],
      [5, 'platform'],
      [4, 'platform'],
      [3, 'platform'],
    ]);
    expect(log.query({ limit: 1 }).map((one) => one.seq)).toEqual([6]);
    expect(log.query({ before: 5 }).map((one) => one.seq)).toEqual([4, 3]);
  });

  it.each([
    [{ type: 'uplink' }, 1],
    [{ deviceName: 'other' }, 1],
    [{ clientId: 'c1' }, 1],
    [{ code: 6813 }, 1],
    [{ search: 'ILLEGAL' }, 1],
    [{ search: 'thing/event' }, 1],
    [{ from: 2, to: 2 }, 1],
    [{ productKey: 'nobody' }, 0],
    [{}, 3],
  ] as const)('filters by %j', (filter, found) => {
    const log = new Log('run');
    log.add(entry(), 1);
    log.add(entry({ type: 'uplink', code: 6813, reason: 'topic illegal', content: '/sys/thing/event' }), 2);
    log.add(entry({ deviceName: 'other', clientId: 'c1' }), 3);
    expect(log.query(filter)).toHaveLength(found);
  });

  it('tells listeners until they leave, and exports a line an entry', () => {
    const log = new Log('0123');
    const heard: number[] = [];
    const leave = log.listen((one) => heard.push(one.seq));
    log.add(entry(), 1);
    leave();
    log.add(entry(), 2);
    expect(heard).toEqual([1]);
    const lines = logLines(log.query()).split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ seq: 1, at: 1, traceId: '012300000001', operation: 'online' });
  });

  it('keeps no more of a text than 256 characters: clients choose ids and topics', () => {
    const log = new Log('run');
    log.add(entry({ messageId: 'm'.repeat(900_000), content: 'c'.repeat(65_535), reason: 'r'.repeat(1000) }), 1);
    expect(JSON.stringify(log.query()).length).toBeLessThan(1200);
    const bench = new Bench();
    for (let i = 0; i < 3; i++) bench.add(DN).register('register', DN, { random: `${i}${'9'.repeat(60_000)}` });
    expect(JSON.stringify([...(bench.platform.state.products.get(PK)?.randoms ?? [])]).length).toBeLessThan(500);
  });

  it('has what a firmware got wrong about its CONNECT, in the audit book', () => {
    const bench = new Bench();
    for (const identifier of [
      'no-bar',
      'x|authType=register,random=1|',
      'x|authType=renew|',
      'x|authType=register,random=1,signmethod=sha9|',
    ]) {
      bench.connect({ ...registration('register'), identifier });
    }
    bench.connect({ ...registration('register'), identifier: 'no-bar', username: 'nobody' });
    const seen = bench.platform.log.query({ book: 'audit', type: 'registration' }).map((one) => [one.deviceName, one.code, one.reason]);
    expect(seen.reverse()).toEqual([
      [DN, 460, 'the client identifier has no bar'],
      [DN, 460, 'a registration needs signmethod (RULE-09)'],
      [DN, 460, 'the authType is unknown (RULE-10)'],
      [DN, 6292, expect.any(String)],
      ['', 460, 'the client identifier has no bar'],
    ]);
  });

  it('holds no secret, token or signature, whatever happens', () => {
    const bench = new Bench();
    bench.operate({ action: 'AddDevice', productKey: PK, deviceName: DN, deviceSecret: 'the-device-secret' });
    const issued = [bench.issue(), bench.issue('regnwl', 'token-1')];
    for (const one of issued) bench.signIn(one);
    bench.register('register', DN, { ps: 'a-wrong-product-secret' });
    bench.operate({ action: 'X-SendVerificationCode', productKey: PK });
    bench.operate({ action: 'X-TurnDynamicRegistration', productKey: PK, on: true, verificationCode: 'no-such-code' });
    const text = logLines(bench.platform.log.query({ limit: 1000 }));
    expect(text).toContain('"register"');
    const token = issued.map((one) => ('deviceToken' in one ? one.deviceToken : one.deviceSecret));
    for (const secret of [PS, 'the-device-secret', ...token, 'no-such-code']) expect(text).not.toContain(secret);
  });
});
