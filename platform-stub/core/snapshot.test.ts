import { describe, expect, it } from 'vitest';
import { Bench, brief, DN } from '../bench.testkit.ts';
import { readSnapshot } from './snapshot.ts';

/** A platform in which everything that is remembered was used. */
function used(): Bench {
  const bench = new Bench().add(DN, 'meter-0002', 'gone-1');
  bench.signIn(bench.issue());
  bench.on('ResetThing');
  bench.on('DisableThing', 'meter-0002');
  for (let i = 0; i < 5; i++) bench.issue('regnwl', 'token-1');
  bench.issue('register', 'gone-1');
  bench.on('DeleteDevice', 'gone-1');
  return bench;
}

describe('a snapshot', () => {
  it('brings everything back, so that devices go on with what they were issued', () => {
    const bench = new Bench().add(DN);
    const secret = bench.issue();
    const tokens = [bench.issue('regnwl', 'token-1'), bench.issue('regnwl', 'token-1')];
    bench.signIn(secret);
    const text = JSON.stringify(bench.platform.snapshot());

    const next = new Bench();
    const read = readSnapshot(text);
    if (!read.ok) throw new Error(read.message);
    next.platform.restore(read.snapshot);
    expect(next.status()).toBe('OFFLINE');
    expect(brief(next.register())).toBe('4 activated');
    expect([secret, ...tokens].map((one, i) => brief(next.signIn(one, i === 0 ? DN : 'token-1')))).toEqual(['online', 'online', 'online']);
    // What is issued from now on is new.
    expect(next.clientIds('token-1')).toHaveLength(2);
    next.register('regnwl', 'token-1');
    expect(new Set(next.clientIds('token-1')).size).toBe(3);
    expect(brief(next.register('regnwl', 'token-1'))).toBe('registered');
    expect(brief(next.register('regnwl', 'token-1'))).toBe('registered');
    expect(brief(next.register('regnwl', 'token-1'))).toBe('4 cap');
  });

  it('is the same after a round trip, and a deleted name comes back as another incarnation', () => {
    const bench = used();
    for (const session of [...bench.platform.state.sessions.keys()]) bench.hangUp(session);
    const first = bench.platform.snapshot();
    const next = new Bench();
    const read = readSnapshot(JSON.stringify(first));
    if (!read.ok) throw new Error(read.message);
    next.platform.restore(read.snapshot);
    expect({ ...next.platform.snapshot(), savedAt: 0 }).toEqual({ ...first, savedAt: 0 });
    const before = bench.add('gone-1').detail('gone-1')?.iotId;
    expect(next.add('gone-1').detail('gone-1')?.iotId).toBe(before);
  });

  it('ends the connections of the platform that it replaces', () => {
    const bench = new Bench().add(DN);
    bench.signIn(bench.issue());
    bench.platform.restore(bench.platform.snapshot());
    expect(bench.closed.map((one) => one.reason)).toEqual(['stopped']);
    expect(bench.status()).toBe('OFFLINE');
  });

  it.each([
    ['no JSON', '{', 'damaged'],
    ['another document', '{"format":"x","version":1}', 'damaged'],
    ['a newer version', '{"format":"muster-platform","version":2}', 'newer'],
    ['a part that is missing', '{"format":"muster-platform","version":1,"savedAt":1}', 'damaged'],
  ] as const)('%s is refused', (_what, text, why) => {
    expect(readSnapshot(text)).toMatchObject({ ok: false, why });
  });

  it('any lost or changed member is noticed, and no value is repeated', () => {
    const snapshot = used().platform.snapshot();
    const text = JSON.stringify(snapshot);
    const secret = snapshot.products[0]?.productSecret ?? '';
    for (const key of new Set(text.match(/"\w+":/g))) {
      const damaged = text.replace(key, '"unknown":');
      const read = readSnapshot(damaged);
      // Times may be absent.
      if (/At"/.test(key) && !/"(?:created|saved)At"/.test(key)) continue;
      expect([key, read.ok]).toEqual([key, false]);
      if (!read.ok) expect(read.message).not.toContain(secret);
    }
  });
});
