// A stub on free ports of this machine, for tests that talk to it as a device does. No test is in this file.
import { createMqttFront } from '../../platform-stub/front/mqtt.ts';
import { startStub, type RunningStub } from '../../platform-stub/node/listen.node.ts';
import { makeCertificates, type Certificates } from '../../platform-stub/node/tls.node.ts';
import { Platform } from '../../platform-stub/platform.ts';
import { ambientClock } from '../../kernel/clock.ts';

export const PRODUCT = { productKey: 'a1Muster0001', productSecret: 'ps0123456789abcd' } as const;
export const OPERATOR_TOKEN = 'token-of-this-test';

export interface TestStub extends RunningStub {
  readonly platform: Platform;
  readonly certificates: Certificates;
}

/**
 * A stub with one product and the given devices in it.
 * @param bend makes its certificates wrong on purpose
 */
export async function openTestStub(
  deviceNames: readonly string[] = [],
  bend: (right: Certificates) => Certificates = (right) => right,
): Promise<TestStub> {
  const clock = ambientClock();
  const platform = new Platform({ clock, seed: 'test' });
  platform.operate({ action: 'CreateProduct', ...PRODUCT, dynamicRegistration: true });
  platform.operate({ action: 'AddDevices', productKey: PRODUCT.productKey, deviceNames });
  const certificates = bend(await makeCertificates());
  const front = await createMqttFront(platform);
  const running = await startStub({ platform, front, ports: 'auto', certificates, operatorToken: OPERATOR_TOKEN, clock });
  return { ...running, platform, certificates };
}
