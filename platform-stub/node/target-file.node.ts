// The target file that a stub writes about itself, so that a fleet or a suite in another process needs nothing but its path
// (design, section 7). Secrets lie beside it in files of their own.
import { stringify } from 'yaml';
import type { EditionName } from '../../protocol/editions.ts';
import { REGISTER_PATH } from '../../protocol/http-register.ts';
import { OPERATOR_PATH } from '../front/operator.ts';
import type { ProductConfig } from './config.node.ts';
import { LOOPBACK, type StubPorts } from './listen.node.ts';
import type { StateDir } from './state-dir.node.ts';

export interface TargetFacts {
  /** Address of the device ports, as a client has to dial it. */
  readonly host: string;
  readonly ports: StubPorts;
  /** Address of the operator API, as one has to dial it. */
  readonly operatorHost: string;
  /** The first product; a target has one. */
  readonly product: Pick<ProductConfig, 'productKey' | 'productSecret'>;
  readonly edition: EditionName;
  readonly operatorToken: string;
}

/** `host:port` of a URL. */
function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The URLs under which a stub is reached. */
export function endpointsOf(host: string, ports: StubPorts): Record<'mqtt' | 'mqtts' | 'ws' | 'wss' | 'https', string> {
  return {
    mqtt: `mqtt://${authority(host, ports.mqtt)}`,
    mqtts: `mqtts://${authority(host, ports.mqtts)}`,
    ws: `ws://${authority(host, ports.ws)}/mqtt`,
    wss: `wss://${authority(host, ports.wss)}/mqtt`,
    https: `https://${authority(host, ports.https)}${REGISTER_PATH}`,
  };
}

/** URL of the operator API, which has an address of its own. */
export function operatorUrl(ports: StubPorts, host = LOOPBACK): string {
  return `http://${authority(host, ports.api)}${OPERATOR_PATH}`;
}

/** Writes target file, ProductSecret and token into the stub's directory, all for this user only; the path of the target file. */
export function writeTargetFile(dir: StateDir, facts: TargetFacts): string {
  const { host, ports, product, edition, operatorToken } = facts;
  return dir.write(
    'target.yaml',
    stringify({
      name: 'muster-stub',
      endpoints: endpointsOf(host, ports),
      product: { key: product.productKey, secretFile: dir.write('product-secret', product.productSecret) },
      tls: { ca: dir.caPath },
      edition,
      profiles: ['prereg', 'nwl', 'operator', 'https'],
      administrator: { kind: 'stub', url: operatorUrl(ports, facts.operatorHost), tokenFile: dir.write('operator-token', operatorToken) },
      pace: { perDevicePerMinute: 'none' },
    }),
  );
}
