// What the dialects write is what clients were seen to write, and a platform can verify it.
import { expect, test } from 'vitest';
import { seededRandom } from '../../kernel/random.ts';
import { readLogin } from '../../protocol/identifier.ts';
import { verifyConnect, verifyRegistration } from '../../protocol/sign.ts';
import { CONNECT_DIALECTS, connectIn, REGISTRATION_DIALECTS, registrationIn, type RegistrationDialect } from './dialects.ts';

const NOW = 1_700_000_000_123;
const speaker = () => ({
  productKey: 'a1B2c3D4e5F',
  deviceName: 'sensor-0001',
  secret: '0f48121e8cb55c65efba7e03f7000000',
  secureMode: '2',
  draw: seededRandom('dialect'),
  now: NOW,
});

test.each(Object.entries<RegistrationDialect>(REGISTRATION_DIALECTS))('%s registers with a signature that holds', (_family, dialect) => {
  for (const mode of dialect.modes) {
    const { clientId, username, password } = registrationIn(dialect, speaker(), { mode });
    expect(clientId).not.toMatch(/[{}]/);
    expect(username).toBe('sensor-0001&a1B2c3D4e5F');
    const login = readLogin(clientId, 'strict');
    if (login.kind !== mode) throw new Error(`read as ${login.kind}`);
    const { productKey, deviceName, secret } = speaker();
    expect(verifyRegistration(login.signMethod, secret, { productKey, deviceName, random: login.random }, password)).toBe(true);
    expect(password).toMatch(dialect.hex === 'upper' ? /^[0-9A-F]+$/ : /^[0-9a-f]+$/);
  }
});

test.each(Object.entries(CONNECT_DIALECTS))('%s signs in with a signature that holds', (_family, dialect) => {
  const { clientId, password } = connectIn(dialect, speaker());
  expect(clientId).not.toMatch(/[{}]/);
  const login = readLogin(clientId);
  if (login.kind !== 'secret') throw new Error(`read as ${login.kind}`);
  const { productKey, deviceName, secret } = speaker();
  const parts = { clientId: login.clientPart, productKey, deviceName, timestamp: login.timestamp };
  expect(verifyConnect(login.signMethod, secret, parts, password)).toBe(true);
});

test('the identifiers are those that were seen on the wire', () => {
  const { 'luatos-aliyun': lua, 'c-3.2': c } = REGISTRATION_DIALECTS;
  expect(registrationIn(lua, speaker(), { mode: 'register' }).clientId).toBe(
    'sensor-0001|securemode=2,authType=register,random=123,signmethod=hmacmd5|',
  );
  expect(registrationIn(c, speaker(), { mode: 'register', random: '68FB1A47', instanceId: 'iot-1' }).clientId).toBe(
    'a1B2c3D4e5F.sensor-0001|authType=register,random=68FB1A47,signmethod=hmacsha256,securemode=2,instanceId=iot-1|',
  );
  expect(connectIn(CONNECT_DIALECTS['node-in-a-browser'], speaker()).clientId).toBe(
    `a1B2c3D4e5F&sensor-0001|securemode=2,signmethod=hmacsha1,timestamp=${NOW},lan=JS|Broswer ,_v=1.2.8|`,
  );
  expect(connectIn(CONNECT_DIALECTS.python, speaker()).clientId).toMatch(/,timestamp=1700000000\|$/);
});
