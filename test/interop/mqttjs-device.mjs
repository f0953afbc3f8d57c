// A client that is nobody's here: a device as its vendor would write it from the documents, with MQTT.js and Node's crypto alone.
// Usage: node mqttjs-device.mjs REGISTRATION_URL CONNECT_URL CA_FILE MODE PRODUCT_KEY PRODUCT_SECRET DEVICE_NAME [LEVEL]
// LEVEL is 3 (MQTT 3.1), 4 (3.1.1, unless told) or 5. Prints one line of JSON: what it was issued and what it saw, or how it was refused.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';

const [registrationUrl, connectUrl, caFile, mode, productKey, productSecret, deviceName, level = '4'] =
  /** @type {[string, string, string, string, string, string, string, '3' | '4' | '5' | undefined]} */ (process.argv.slice(2));
const ca = readFileSync(caFile);
const username = `${deviceName}&${productKey}`;
/** @param {string} key @param {string} text */
const hmac = (key, text) => createHmac('sha256', key).update(text).digest('hex');

/**
 * Connects once; a refusal rejects.
 * @param {string} url @param {string} clientId @param {string} password
 */
function open(url, clientId, password) {
  const client = mqtt.connect(url, {
    clientId,
    username,
    password,
    ca,
    reconnectPeriod: 0,
    protocolId: level === '3' ? 'MQIsdp' : 'MQTT',
    protocolVersion: /** @type {3 | 4 | 5} */ (Number(level)),
    keepalive: 60,
    clean: true,
  });
  /** @type {{ topic: string, payload: string }[]} */
  const messages = [];
  client.on('message', (topic, payload) => messages.push({ topic, payload: payload.toString() }));
  const opened = new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
  });
  /** @param {(topic: string) => boolean} wanted @returns {Promise<{ topic: string, payload: string }>} */
  const message = (wanted) =>
    new Promise((resolve) => {
      const found = messages.find((one) => wanted(one.topic));
      if (found) resolve(found);
      else client.on('message', (topic, payload) => wanted(topic) && resolve({ topic, payload: payload.toString() }));
    });
  return { client, opened, message };
}

const random = String(Math.floor(Math.random() * 1e9));
const registration = open(
  registrationUrl,
  `${deviceName}|securemode=${mode === 'register' ? '2' : '-2'},authType=${mode},random=${random},signmethod=hmacsha256|`,
  hmac(productSecret, `deviceName${deviceName}productKey${productKey}random${random}`),
);
try {
  await registration.opened;
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: /** @type {{ code?: number }} */ (error).code })}\n`);
  process.exit();
}
const reply = await registration.message((topic) => topic.startsWith('/ext/'));
await registration.client.endAsync();
/** @type {{ clientId: string, deviceToken: string, deviceSecret: string }} */
const issued = JSON.parse(reply.payload);

const secureMode = /^(?:mqtts|wss):/.test(connectUrl) ? '2' : '3';
const timestamp = String(Date.now());
const device =
  mode === 'register'
    ? open(
        connectUrl,
        `${productKey}.${deviceName}|timestamp=${timestamp},securemode=${secureMode},signmethod=hmacsha256|`,
        hmac(issued.deviceSecret, `clientId${productKey}.${deviceName}deviceName${deviceName}productKey${productKey}timestamp${timestamp}`),
      )
    : open(connectUrl, `${issued.clientId}|securemode=-2,authType=connwl|`, issued.deviceToken);
await device.opened;
const replyTopic = `/sys/${productKey}/${deviceName}/thing/event/property/post_reply`;
const granted = await device.client.subscribeAsync(replyTopic, { qos: 1 });
const post = { id: '1', version: '1.0', params: { Temp: 21.5 }, method: 'thing.event.property.post' };
await device.client.publishAsync(`/sys/${productKey}/${deviceName}/thing/event/property/post`, JSON.stringify(post), { qos: 1 });
const answer = await device.message((topic) => topic === replyTopic);
await device.client.endAsync();
process.stdout.write(`${JSON.stringify({ topic: reply.topic, issued, granted: granted[0]?.qos, answer: JSON.parse(answer.payload) })}\n`);
