import { propertyPostReply, propertySet } from '../../../protocol/topics.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { definePlatformCase, type CaseUnit } from '../../engine/case.ts';
import { whileReplaced } from './kicked.ts';

const LISTEN_MS = 1_000;
/** A session that is to be kept, and that holds what it subscribed to itself: without `_ss=1` nothing else may wait for it. */
const kept = (clientId: string): string => clientId.replace(',_ss=1', '');
const PERSISTENT: Bend = { fields: (fields) => ({ ...fields, clean: false, clientId: kept(fields.clientId) }) };
/** The same certificate under another client identifier: one parameter more, as a firmware update would bring. */
const RENAMED: Bend = { fields: (fields) => ({ ...fields, clean: false, clientId: kept(fields.clientId).replace(/\|$/, ',_v=2|') }) };

// What waits for a device belongs to its certificate: not to the text of its client identifier, and not to its name. Whether anything waits
// at all is a reading.
export default definePlatformCase({
  id: 'platform/session/queue-follows-identity',
  title: {
    en: 'Messages that wait for a device reach the holder of its certificate only',
    'zh-CN': '离线期间的消息只送达证书的持有者',
  },
  profiles: ['prereg', 'nwl', 'operator'],
  needs: 'cell',
  async drive(t) {
    const shared = t.name('shared');
    const set = propertySet(t.product.productKey, shared);
    /** Shows that it hears: the answer to a post of its own. */
    const speak = async (unit: CaseUnit, label: string): Promise<void> => {
      await unit.subscribe(`${label}-listens-for-answers`, [propertyPostReply(t.product.productKey, unit.deviceName)]);
      await unit.post(`${label}-posts`);
    };
    const arrive = async (unit: CaseUnit, label: string): Promise<void> => {
      await unit.connect(`${label}-connects`, PERSISTENT);
      await unit.subscribe(`${label}-subscribes`, [set]);
      await speak(unit, label);
    };
    const a = t.unit('a', { mode: 'regnwl', deviceName: shared });
    await a.register('a-registers');
    await arrive(a, 'a');
    await a.disconnect('a-leaves');
    await t.operator.setProperty('set-1', shared, { led: 1 });
    await t.pace();
    await a.connectAndListen('a-renamed', LISTEN_MS, RENAMED);
    const credentials = a.credentials();
    if (credentials?.kind !== 'token') return;
    await t.pace();
    const twin = t.unit('twin', { mode: 'regnwl', deviceName: shared });
    await whileReplaced(t, a, 'older-session', () => twin.connect('twin', { ...PERSISTENT, credentials }));
    await t.pace();
    await a.connect('a-returns', PERSISTENT);
    await a.disconnect('a-leaves-again');
    await t.operator.setProperty('set-2', shared, { led: 2 });

    const b = t.unit('b', { mode: 'regnwl', deviceName: shared });
    await b.register('b-registers');
    await b.connectAndListen('b-listens', LISTEN_MS, PERSISTENT);
    await speak(b, 'b');
    await b.disconnect('b-leaves');
    const retained = b.credentials();
    if (retained?.kind !== 'token') return;
    await t.operator.setProperty('set-3', shared, { led: 3 });
    await t.operator.switchClientId('switch', shared, retained.clientId);
    await t.pace();
    await b.connectAndListen('b-after-switch', LISTEN_MS, PERSISTENT);
    await b.disconnect('b-leaves-again');
    await t.operator.setProperty('set-4', shared, { led: 4 });
    await t.operator.clearClientIds('clear', shared);
    await t.pace();
    const c = t.unit('c', { mode: 'regnwl', deviceName: shared });
    await c.register('c-registers');
    await c.connectAndListen('c-after-clear', LISTEN_MS, PERSISTENT);
    await speak(c, 'c');

    const reused = t.name('reused');
    const reusedSet = propertySet(t.product.productKey, reused);
    await t.operator.addDevice('added', reused);
    const d = t.unit('d', { mode: 'register', deviceName: reused });
    await d.register('d-registers');
    await d.connect('d-connects', PERSISTENT);
    await d.subscribe('d-subscribes', [reusedSet]);
    await d.disconnect('d-leaves');
    await t.operator.setProperty('set-5', reused, { led: 5 });
    await t.operator.deleteDevice('deleted', reused);
    await t.operator.addDevice('added-again', reused);
    await t.pace();
    const e = t.unit('e', { mode: 'register', deviceName: reused });
    await e.register('e-registers');
    await e.connectAndListen('e-after-re-add', LISTEN_MS, PERSISTENT);
    await speak(e, 'e');
  },
  checks: [
    { id: 'waited', rule: 'RULE-57', oracle: 'deliveries', on: { span: 'a-renamed' }, reading: true },
    { id: 'renamed-accepted', rule: 'RULE-57', oracle: 'accepted', on: { attempt: 'a-renamed' } },
    { id: 'one-session-whatever-its-identifier', rule: 'RULE-57', oracle: 'endedByPlatform', on: { span: 'older-session' } },
    { id: 'not-to-another-client-id', rule: 'RULE-59', oracle: 'nothingReceived', on: { span: 'b-listens', heard: 'b-posts' } },
    { id: 'not-after-switch', rule: 'RULE-45', oracle: 'nothingReceived', on: { span: 'b-after-switch', heard: 'b-posts' } },
    { id: 'not-after-clear', rule: 'RULE-46', oracle: 'nothingReceived', on: { span: 'c-after-clear', heard: 'c-posts' } },
    { id: 'not-after-re-add', rule: 'RULE-33', oracle: 'nothingReceived', on: { span: 'e-after-re-add', heard: 'e-posts' } },
  ],
});
