// What the doctor looks up and dials is what devices dial.
import { expect, it } from 'vitest';
import { endpointOf } from './network.ts';

it.each([
  ['mqtts', 'mqtts://platform.example', { host: 'platform.example', port: 8883 }],
  ['mqtt', 'mqtt://[::1]:1884', { host: '::1', port: 1884 }],
  ['mqtts', 'mqtts://bücher.example', { host: 'xn--bcher-kva.example', port: 8883 }],
  ['wss', 'wss://bücher.example/mqtt', { host: 'xn--bcher-kva.example', port: 443 }],
])('the host and the port of %s %s', (scheme, url, place) => expect(endpointOf(scheme, url)).toEqual({ scheme, ...place }));
