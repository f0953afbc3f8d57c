// Why a case ended early is said in Chinese too, and what the message says is still in it.
import { expect, test } from 'vitest';
import { faultSaid } from './fault.ts';

test.each([
  ['the operator of the target cannot set properties', '目标的管理员无法下发属性设置'],
  ['the platform refused: In the product pk, delete the device dn', '平台拒绝了管理操作'],
  ['the cloud API answered without Data', '云端接口的应答缺少 Data'],
  ['the operator API answered 500: {"error":"x"}', '管理接口返回 500'],
  ['X-SetDynamicRegistration: no such product (iot.prod.NotExist)', '平台拒绝了 X-SetDynamicRegistration'],
  ['DeleteDevice did not succeed: socket hang up (ECONNRESET)', '云端接口 DeleteDevice 的调用未成功'],
  ['inventory names.csv has no name left', '设备清单中的 DeviceName 已用完'],
  ['the case did not end within 240 minutes of virtual time', '用例在 240 分钟的虚拟时间内未结束'],
])('%s', (message, zh) => {
  expect(faultSaid(message)).toEqual({ en: message, 'zh-CN': `用例未能驱动到底：${zh}（${message}）` });
});

test('a message of a library is quoted as it is', () => {
  expect(faultSaid('read ECONNRESET')).toEqual({ en: 'read ECONNRESET', 'zh-CN': '用例未能驱动到底：read ECONNRESET' });
});
