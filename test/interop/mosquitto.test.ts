// Debian's mosquitto_sub, _rr and _pub as devices: mosquitto_sub is the one client that must subscribe before it shows anything.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caFileOf, describeForeign, hmac, isInstalled, issuedBy, MODES, SIGN_METHODS, type Mode, type SignMethod } from './foreign.ts';
import { openTestStub, PRODUCT, type TestStub } from './stub.ts';

const run = promisify(execFile);
const TOOLS = ['mosquitto_sub', 'mosquitto_pub', 'mosquitto_rr'] as const;
type Tool = (typeof TOOLS)[number];
const { productKey, productSecret } = PRODUCT;
const VERSIONS = ['mqttv31', 'mqttv311'] as const;
type Version = (typeof VERSIONS)[number] | 'mqttv5';

const WAYS = SIGN_METHODS.flatMap((method) => VERSIONS.map((version) => ({ method, version })));
const REFUSED = 'mosquitto-refused';
const nameOf = (mode: Mode, { method, version }: (typeof WAYS)[number]): string => `${mode}-${method}-${version}`;

interface Login {
  readonly id: string;
  readonly deviceName: string;
  readonly password: string;
}

function registration(mode: Mode, method: SignMethod, deviceName: string, secret: string = productSecret): Login {
  return {
    id: `${deviceName}|securemode=2,authType=${mode},random=4711,signmethod=${method}|`,
    deviceName,
    password: hmac(method, secret, `deviceName${deviceName}productKey${productKey}random4711`),
  };
}

/** What a device sends that was issued this, over a connection in clear. */
function connection(method: SignMethod, issued: Record<string, string>): Login {
  const { deviceName = '', clientId = '', deviceToken, deviceSecret = '' } = issued;
  if (deviceToken) return { id: `${clientId}|securemode=-2,authType=connwl|`, deviceName, password: deviceToken };
  const content = `clientId${deviceName}deviceName${deviceName}productKey${productKey}timestamp789`;
  return {
    id: `${deviceName}|securemode=3,signmethod=${method},timestamp=789|`,
    deviceName,
    password: hmac(method, deviceSecret, content),
  };
}

describeForeign('mosquitto', TOOLS.every(isInstalled), 'apt-get install mosquitto-clients', () => {
  let stub: TestStub;
  let ca: ReturnType<typeof caFileOf>;

  beforeAll(async () => {
    stub = await openTestStub([REFUSED, ...WAYS.map((way) => nameOf('register', way))]);
    ca = caFileOf(stub.certificates.caPem);
  });
  afterAll(async () => {
    await stub.close();
    ca.remove();
  });

  /** Runs one of the programs; what it printed. It fails with what it wrote to stderr. */
  async function mosquitto(tool: Tool, port: number, encrypted: boolean, version: Version, login: Login, more: string[]): Promise<string> {
    const { id, deviceName, password } = login;
    const security = encrypted ? ['--cafile', ca.path] : [];
    const args = ['-h', 'localhost', '-p', String(port), ...security, '-V', version, '-i', id, '-u', `${deviceName}&${productKey}`];
    return (await run(tool, [...args, '-P', password, ...more], { timeout: 30_000 })).stdout;
  }

  /** Registers and waits for one message: topic, a blank, payload. */
  function register(mode: Mode, version: Version, login: Login, port = stub.ports.mqtts, encrypted = true): Promise<string> {
    return mosquitto('mosquitto_sub', port, encrypted, version, login, ['-t', `/ext/${mode}`, '-C', '1', '-W', '15', '-v']);
  }

  describe.each(MODES)('in mode %s', (mode) => {
    it.each(WAYS)(
      'registers over TLS, connects over TCP and posts, with $method, as $version',
      async ({ method, version }) => {
        const deviceName = nameOf(mode, { method, version });
        // Port 1883 takes TLS too (section 1.3): one version on each.
        const { mqtt, mqtts } = stub.ports;
        const line = await register(mode, version, registration(mode, method, deviceName), version === 'mqttv31' ? mqtt : mqtts);
        const [topic, payload = ''] = line.trimEnd().split(' ');
        expect(topic).toBe(`/ext/${mode}`);
        const issued = JSON.parse(payload) as Record<string, string>;
        expect(issued).toEqual(issuedBy(mode, productKey, deviceName));

        const login = connection(method, issued);
        const post = `/sys/${productKey}/${deviceName}/thing/event/property/post`;
        const message = JSON.stringify({ id: '9', version: '1.0', params: { Temp: 21.5 }, method: 'thing.event.property.post' });
        const answer = await mosquitto('mosquitto_rr', mqtt, false, version, login, [
          ...['-t', post, '-e', `${post}_reply`, '-m', message, '-q', '1', '-W', '15', '-F', '%t %p'],
        ]);
        const [replyTopic, reply = ''] = answer.trimEnd().split(' ');
        expect(replyTopic).toBe(`${post}_reply`);
        expect(JSON.parse(reply)).toMatchObject({ code: 200, id: '9' });
        // Ends with 0 only when its PUBACK came.
        expect(await mosquitto('mosquitto_pub', mqtt, false, version, login, ['-t', post, '-m', message, '-q', '1'])).toBe('');
      },
      60_000,
    );

    it('is refused with a wrong ProductSecret, in clear, and with MQTT 5, which the stub does not speak', async () => {
      const login = registration(mode, 'hmacsha256', REFUSED);
      await expect(register(mode, 'mqttv311', registration(mode, 'hmacsha256', REFUSED, 'wrong'))).rejects.toMatchObject({
        code: 4,
        stderr: expect.stringMatching(/bad user name or password/i) as string,
      });
      await expect(register(mode, 'mqttv311', login, stub.ports.mqtt, false)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/identifier rejected/i) as string,
      });
      // CONNACK 1; for a client of MQTT 5 that is what an older broker says.
      await expect(register(mode, 'mqttv5', login)).rejects.toMatchObject({
        stderr: expect.stringMatching(/unsupported protocol version/i) as string,
      });
    }, 60_000);
  });

  it('is refused a connection with MQTT 5 too', async () => {
    const login = { id: `${REFUSED}|securemode=3,signmethod=hmacmd5|`, deviceName: REFUSED, password: '0'.repeat(32) };
    for (const tool of TOOLS) {
      const more = ['-t', 'a', ...(tool === 'mosquitto_sub' ? [] : ['-m', 'b']), ...(tool === 'mosquitto_rr' ? ['-e', 'c'] : [])];
      const refused = mosquitto(tool, stub.ports.mqtt, false, 'mqttv5', login, more);
      await expect(refused).rejects.toMatchObject({ stderr: expect.stringMatching(/unsupported protocol version/i) as string });
    }
  }, 60_000);
});
