// The vendor's SDK for Node as its README uses it: registration over HTTPS, then a connection and a property post. It takes no CA of its
// own, hence a process of its own with NODE_EXTRA_CA_CERTS.
// Usage: node sdk-device.mjs REGISTER_URL BROKER_URL PRODUCT_KEY PRODUCT_SECRET DEVICE_NAME
// Prints one line of JSON: what it was issued, and per session the answer to its post and how often that came.
// @ts-expect-error: it comes without types
import sdk from 'alibabacloud-iot-device-sdk';

const [registerURL, brokerUrl, productKey, productSecret, deviceName] = process.argv.slice(2);

/** @type {{ code?: number, message?: string, data?: { deviceSecret: string } }} */
const registered = await new Promise((resolve) => sdk.register({ productKey, productSecret, deviceName, registerURL }, resolve));

/** Connects, posts at once (the SDK does not await its sixteen SUBSCRIBEs), waits for the reply and leaves. */
async function session() {
  const device = sdk.device({ productKey, deviceName, deviceSecret: registered.data?.deviceSecret, brokerUrl });
  /** @type {string[]} */
  const ids = [];
  device.on('message', (/** @type {string} */ _topic, /** @type {Buffer} */ payload) => ids.push(JSON.parse(payload.toString()).id));
  /** @type {{ id: string }} */
  const answer = await new Promise((resolve, reject) => {
    device.on('error', (/** @type {[Error]} */ [error]) => reject(error));
    device.on('connect', () => device.postProps({ Temp: 21.5 }, resolve));
  });
  // A second copy of the reply would have come before the acknowledgement of what is published now.
  await new Promise((resolve) => device.publish(`/sys/${productKey}/${deviceName}/thing/event/property/post`, '{}', { qos: 1 }, resolve));
  await new Promise((resolve) => device.end(false, resolve));
  return { answer, copies: ids.filter((id) => id === answer.id).length };
}

const sessions = registered.data ? [await session(), await session()] : [];
process.stdout.write(`${JSON.stringify({ registered, sessions })}\n`);
