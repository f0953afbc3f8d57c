import { expect, it } from 'vitest';
import { hostOf } from './host.ts';

it.each([
  ['mqtts://platform.example:8883', 'platform.example'],
  ['mqtt://127.0.0.1', '127.0.0.1'],
  ['mqtts://[::1]:8883', '::1'],
  ['mqtt://bücher.example:1883', 'xn--bcher-kva.example'],
  ['mqtts://BÜCHER.example', 'xn--bcher-kva.example'],
  ['wss://bücher.example/mqtt', 'xn--bcher-kva.example'],
  ['mqtt://日本語.example', 'xn--wgv71a119e.example'],
  ['mqtt://%61.example', 'a.example'],
  ['mqtt:///path', undefined],
  ['mqtt://a%20b', undefined],
  ['mqtt://a%2Fb', undefined],
  ['mqtt://a%40b', undefined],
  ['mqtt://%00', undefined],
  ['mqtt://%ff', undefined],
])('the host of %s', (url, host) => {
  expect(hostOf(new URL(url))).toBe(host);
});
