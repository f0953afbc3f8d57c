import { describe, expect, it } from 'vitest';
import { Bench, DN, PK, PS } from '../bench.testkit.ts';
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
