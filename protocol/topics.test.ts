import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as topics from './topics.ts';
import { isReplyTopic, mayPublish, NOTIFY_TOPIC, ownTopic, REPLY_TOPIC } from './topics.ts';

const PK = 'a1B2c3D4e5F';
const DN = 'sensor-0001';

/** Every topic that belongs to one device, by the builders and by the list in clients.md section 3. */
function topicsOf(pk: string, dn: string): string[] {
  return [
    topics.propertyPost(pk, dn),
    topics.propertyPostReply(pk, dn),
    topics.eventPost(pk, dn, 'alarm'),
    topics.eventPostReply(pk, dn, 'alarm'),
    topics.propertySet(pk, dn),
    topics.propertySetReply(pk, dn),
    topics.deviceInfoUpdate(pk, dn),
    topics.deviceInfoUpdateReply(pk, dn),
    topics.configPush(pk, dn),
    topics.rrpcRequest(pk, dn, '12'),
    topics.rrpcResponse(pk, dn, '12'),
    topics.otaInform(pk, dn),
    topics.otaUpgrade(pk, dn),
    topics.otaProgress(pk, dn),
    topics.ntpRequest(pk, dn),
    topics.ntpResponse(pk, dn),
    topics.deviceError(pk, dn),
    topics.shadowUpdate(pk, dn),
    topics.shadowGet(pk, dn),
    `/ext/session/${pk}/${dn}/combine/login_reply`,
    `/sys/${pk}/${dn}/thing/user/update`,
  ];
}

/** Does an MQTT filter match a topic? Written apart from topics.ts, from MQTT 3.1.1 section 4.7. */
function matches(filter: string, topic: string): boolean {
  const f = filter.split('/');
  const t = topic.split('/');
  for (let i = 0; i < f.length; i++) {
    if (f[i] === '#') return true;
    if (i >= t.length || (f[i] !== '+' && f[i] !== t[i])) return false;
  }
  return f.length === t.length;
}

describe('builders', () => {
  it('write the topics of section 11', () => {
    const D = `${PK}/${DN}`;
    expect(topicsOf(PK, DN).slice(0, 19)).toEqual([
      `/sys/${D}/thing/event/property/post`,
      `/sys/${D}/thing/event/property/post_reply`,
      `/sys/${D}/thing/event/alarm/post`,
      `/sys/${D}/thing/event/alarm/post_reply`,
      `/sys/${D}/thing/service/property/set`,
      `/sys/${D}/thing/service/property/set_reply`,
      `/sys/${D}/thing/deviceinfo/update`,
      `/sys/${D}/thing/deviceinfo/update_reply`,
      `/sys/${D}/thing/config/push`,
      `/sys/${D}/rrpc/request/12`,
      `/sys/${D}/rrpc/response/12`,
      `/ota/device/inform/${D}`,
      `/ota/device/upgrade/${D}`,
      `/ota/device/progress/${D}`,
      `/ext/ntp/${D}/request`,
      `/ext/ntp/${D}/response`,
      `/ext/error/${D}`,
      `/shadow/update/${D}`,
      `/shadow/get/${D}`,
    ]);
    expect(topics.userUpdate(PK, DN)).toBe(`/${D}/user/update`);
    expect(topics.userGet(PK, DN)).toBe(`/${D}/user/get`);
    expect(topics.rrpcRequest(PK, DN, '+')).toBe(`/sys/${D}/rrpc/request/+`);
  });

  it('refuse names and levels that would leave their place', () => {
    expect(() => topics.propertyPost('a/b', DN)).toThrow(expect.objectContaining({ kind: 'product-key' }));
    expect(() => topics.ntpRequest(PK, '+')).toThrow(expect.objectContaining({ kind: 'device-name' }));
    for (const id of ['', 'a/b', '+', '#', 'a\0']) {
      expect(() => topics.eventPost(PK, DN, id)).toThrow(expect.objectContaining({ kind: 'topic' }));
    }
    expect(() => topics.rrpcResponse(PK, DN, '+')).toThrow(expect.objectContaining({ kind: 'topic' }));
  });
});

describe('isReplyTopic', () => {
  it('knows both and no other', () => {
    expect(isReplyTopic('/ext/register')).toBe(true);
    expect(isReplyTopic('/ext/regnwl')).toBe(true);
    for (const t of ['/ext/register/', 'ext/register', '/ext/register/pk/dn', '/ext/#', '/ext/+', '']) expect(isReplyTopic(t)).toBe(false);
  });
});

describe('ownTopic', () => {
  it('RULE-59: grants a device its own topics, to read and to write', () => {
    for (const topic of [...topicsOf(PK, DN), topics.userUpdate(PK, DN), topics.userGet(PK, DN)]) {
      expect([topic, ownTopic(topic, PK, DN), mayPublish(topic, PK, DN)]).toEqual([topic, true, true]);
    }
  });

  it.each([
    `/sys/${PK}/${DN}/#`,
    `/sys/${PK}/${DN}/thing/event/+/post_reply`,
    `/sys/${PK}/${DN}/rrpc/request/+`,
    `/ota/device/upgrade/${PK}/${DN}`,
    `/ota/+/+/${PK}/${DN}/#`,
    `/shadow/+/${PK}/${DN}`,
    `/ext/session/${PK}/${DN}/#`,
    `/ext/ntp/${PK}/${DN}/response`,
    `/ext/error/${PK}/${DN}`,
    `/${PK}/${DN}/user/#`,
    `/${PK}/${DN}/user/get`,
    `/broadcast/${PK}/#`,
    `/broadcast/${PK}/+`,
    '/ext/network/probe/+',
    '/ext/network/probe/17',
  ])('lets a client subscribe to %s', (filter) => {
    expect(ownTopic(filter, PK, DN)).toBe(true);
  });

  it.each([
    '#',
    '/#',
    '+',
    '+/#',
    '/+/#',
    '/sys/#',
    '/sys/+/#',
    `/sys/${PK}/#`,
    `/sys/${PK}/+/thing/event/property/post`,
    `/sys/+/${DN}/#`,
    `/+/${PK}/${DN}/#`,
    `+/sys/${PK}/${DN}/thing`,
    `sys/${PK}/${DN}/thing`,
    `/sys/${PK}/${DN}`,
    `/sys/${PK}/${DN}x/thing`,
    `/sys/${PK.toLowerCase()}/${DN}/thing`,
    `/sys/${PK}/sensor-0002/thing/event/property/post`,
    `/ota/device/+/${PK}/+`,
    `/shadow//${PK}/${DN}`,
    `/ota/device//${PK}/${DN}`,
    '/ota/device/#',
    '/ext/#',
    '/ext/+',
    '/ext/session/#',
    '/ext/network/#',
    '/ext/network/probe/#',
    '/broadcast/#',
    '/broadcast/+/#',
    '/broadcast/other/#',
    `/${PK}/#`,
    `/${PK}/+/user/get`,
    `/${PK}/sensor-0002/user/get`,
    `/sys/${PK}/${DN}/#/x`,
    `/sys/${PK}/${DN}/a+`,
    `/sys/${PK}/${DN}/a#`,
    `/sys/${PK}/${DN}/a\0`,
    `$share/g/sys/${PK}/${DN}/thing`,
    '',
    REPLY_TOPIC.register,
    REPLY_TOPIC.regnwl,
    NOTIFY_TOPIC,
  ])('refuses %s', (filter) => {
    expect(ownTopic(filter, PK, DN)).toBe(false);
    expect(mayPublish(filter, PK, DN)).toBe(false);
  });

  it('lets nobody publish to wildcards or to what neighbours read', () => {
    for (const t of [`/sys/${PK}/${DN}/+`, `/sys/${PK}/${DN}/#`, `/broadcast/${PK}/x`, '/ext/network/probe/17', `/shadow/+/${PK}/${DN}`]) {
      expect([t, ownTopic(t, PK, DN), mayPublish(t, PK, DN)]).toEqual([t, true, false]);
    }
  });

  it('does not take a ProductKey for a first level', () => {
    // Device `user` of product `abcd` listens on what would be a custom topic of device `abcd` of a product `sys`.
    expect(ownTopic('/sys/abcd/user/thing/event/property/post', 'abcd', 'user')).toBe(true);
    expect(ownTopic('/sys/abcd/user/thing/event/property/post', 'sys', 'abcd')).toBe(false);
  });

  it('refuses everything to illegal names', () => {
    expect(ownTopic('/sys/+/+/x', '+', '+')).toBe(false);
    expect(ownTopic('/sys/a/abc/x', 'a', 'abc')).toBe(false);
  });

  // Few names, several of them fixed levels of topics, so that collisions are found if there are any.
  const pk = fc.constantFrom('sys', 'ext', 'ota', 'shadow', 'broadcast', 'device', 'session', 'user', 'a1', PK);
  const dn = fc.constantFrom('user', 'session', 'device', 'inform', 'thing', 'error', DN, 'sensor-0002');
  const device = fc.record({ pk, dn });
  const edit = fc.tuple(fc.nat(9), fc.constantFrom('+', '+', '#', '', 'user', 'sys', 'ext', 'cut', 'cut'));

  it('never grants a filter that matches a topic of another device, or a reply topic', () => {
    let granted = 0;
    const property = fc.property(device, device, fc.boolean(), fc.nat(), fc.array(edit, { maxLength: 4 }), (a, b, fromA, pick, edits) => {
      fc.pre(a.pk !== b.pk || a.dn !== b.dn);
      const source = fromA ? a : b;
      const pool = [...topicsOf(source.pk, source.dn), `/${source.pk}/${source.dn}/user/update`, `/broadcast/${source.pk}/x`];
      const levels = (pool[pick % pool.length] ?? '').split('/');
      for (const [at, change] of edits) {
        const i = at % levels.length;
        if (change === 'cut') levels.splice(i, levels.length, '#');
        else levels[i] = change;
      }
      const filter = levels.join('/');
      if (!ownTopic(filter, a.pk, a.dn)) return;
      granted++;
      for (const topic of [...topicsOf(b.pk, b.dn), REPLY_TOPIC.register, REPLY_TOPIC.regnwl, NOTIFY_TOPIC]) {
        expect([filter, topic, matches(filter, topic)]).toEqual([filter, topic, false]);
      }
    });
    fc.assert(property, { numRuns: 4000, seed: 59 });
    expect(granted).toBeGreaterThan(500);
  });

  it('answers any text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (t, p, d) => {
        expect(ownTopic(t, p, d)).toBe(false);
        expect(mayPublish(t, p, d)).toBe(false);
      }),
    );
  });
});
