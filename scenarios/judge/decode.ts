// One stored MQTT packet, decoded: for oracles and for whoever shows evidence.
import mqttPacket, { type Packet } from 'mqtt-packet';
import { fromHex } from '../../kernel/bytes/concat.ts';

/** The packet of a hex string; undefined where the bytes are none. What does not decode is still evidence, as bytes. */
export function decodePacket(hex: string): Packet | undefined {
  const bytes = fromHex(hex);
  if (!bytes) return undefined;
  let packet: Packet | undefined;
  const parser = mqttPacket.parser();
  parser.on('packet', (one) => {
    packet = one;
  });
  parser.on('error', () => undefined);
  parser.parse(Buffer.from(bytes));
  return packet;
}
