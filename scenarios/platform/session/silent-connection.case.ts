import { KEEP_ALIVE_FACTOR, KEEP_ALIVE_MIN, KEEP_ALIVE_SCAN_MS } from '../../../protocol/limits.ts';
import { definePlatformCase } from '../../engine/case.ts';
import { silentAfterConnect } from '../../engine/wire.ts';

/** The latest end that the documents leave room for, and a little for the way. */
const LATEST_MS = KEEP_ALIVE_MIN * 1000 * KEEP_ALIVE_FACTOR + KEEP_ALIVE_SCAN_MS + 5_000;

// No rule of the catalogue sets a term for silence: when it ends is a reading. A neighbour that pings meanwhile keeps its connection.
export default definePlatformCase({
  id: 'platform/session/silent-connection',
  title: {
    en: 'When the platform ends a connection that has fallen silent',
    'zh-CN': '平台何时断开没有任何报文的连接',
  },
  profiles: ['nwl'],
  needs: 'cell',
  async drive(t) {
    const silent = t.unit('silent', { mode: 'regnwl', deviceName: t.name('silent') });
    const pinging = t.unit('pinging', { mode: 'regnwl', deviceName: t.name('pinging') });
    const shortest = { fields: <F extends object>(fields: F) => ({ ...fields, keepAlive: KEEP_ALIVE_MIN }) };
    await silent.register('silent-registers');
    await pinging.register('pinging-registers');
    await pinging.connect('pinging-connects', shortest);
    await silent.connect('silent-connects', { ...shortest, wire: silentAfterConnect });
    await Promise.all([silent.watch('silence', LATEST_MS), pinging.watch('pings', LATEST_MS)]);
    await pinging.post('pinging-posts');
  },
  checks: [
    { id: 'shortest', rule: 'RULE-58', oracle: 'accepted', on: { attempt: 'silent-connects' } },
    { id: 'ended', rule: 'RULE-58', oracle: 'endedByPlatform', on: { span: 'silence', notAfter: LATEST_MS }, reading: true },
    { id: 'pings-keep-it', rule: 'RULE-58', oracle: 'livedThrough', on: { span: 'pings' } },
    { id: 'pinging-lives', rule: 'RULE-58', oracle: 'accepted', on: { attempt: 'pinging-posts' } },
  ],
});
