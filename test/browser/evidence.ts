// Checks the exported bytes of a device as a stranger would: packets by mqtt-packet, signatures by WebCrypto, the texts under them as the
// vendor's documents give them (S1, S4). Nothing of protocol/ or worker/ is used, or a fault there would confirm itself.
import mqttPacket, { type IConnectPacket, type Packet } from 'mqtt-packet';

export interface Evidence {
  readonly index: number;
  readonly deviceName: string;
  readonly mode: 'register' | 'regnwl';
  readonly productKey?: string;
  readonly productSecret?: string;
  readonly events: readonly {
    readonly at: number;
    readonly kind: string;
    readonly conn?: number;
    readonly dir?: 'in' | 'out';
    readonly hex?: string;
  }[];
}

interface Seen {
  readonly conn: number;
  readonly dir: 'in' | 'out';
  readonly packet: Packet;
}

export function packetsOf(evidence: Evidence): Seen[] {
  return evidence.events.flatMap(({ kind, conn, dir, hex }) => {
    if (kind !== 'packet' || conn === undefined || dir === undefined || hex === undefined) return [];
    const packets: Packet[] = [];
    const parser = mqttPacket.parser();
    parser.on('packet', (packet) => packets.push(packet));
    parser.on('error', (error) => {
      throw error;
    });
    parser.parse(Buffer.from(hex, 'hex'));
    if (packets.length !== 1) throw new Error(`${packets.length} packets where one was recorded`);
    return [{ conn, dir, packet: packets[0]! }];
  });
}

async function hmacSha256(key: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const imported = await crypto.subtle.importKey('raw', encoder.encode(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return Buffer.from(await crypto.subtle.sign('HMAC', imported, encoder.encode(text))).toString('hex');
}

function parametersOf(clientId: string): { part: string; parameters: Record<string, string> } {
  const [part = '', list = ''] = clientId.split('|');
  return { part, parameters: Object.fromEntries(list.split(',').map((piece) => piece.split('=') as [string, string])) };
}

/** What is wrong with a device's evidence; empty where it registered and connected as the documents say. */
export async function faultsOf(evidence: Evidence): Promise<string[]> {
  const { deviceName, mode, productKey = '', productSecret = '' } = evidence;
  const faults: string[] = [];
  const check = (holds: boolean, what: string): void => {
    if (!holds) faults.push(`device ${evidence.index}: ${what}`);
  };
  const seen = packetsOf(evidence);
  const connects = seen.filter(({ packet }) => packet.cmd === 'connect') as (Seen & { packet: IConnectPacket })[];
  check(connects.length === 2, `${connects.length} CONNECTs instead of 2`);
  const [registration, connection] = connects;
  if (!registration || !connection) return faults;
  for (const { conn } of connects) {
    const connack = seen.find((one) => one.conn === conn && one.packet.cmd === 'connack');
    check(connack?.packet.cmd === 'connack' && connack.packet.returnCode === 0, `CONNACK of connection ${conn} is not 0`);
  }
  for (const { packet } of connects) check(packet.username === `${deviceName}&${productKey}`, `user name ${packet.username}`);

  const asked = parametersOf(registration.packet.clientId);
  check(asked.parameters['authType'] === mode, `authType ${asked.parameters['authType']}`);
  check(asked.parameters['signmethod'] === 'hmacsha256', `signmethod ${asked.parameters['signmethod']}`);
  const signed = await hmacSha256(productSecret, `deviceName${deviceName}productKey${productKey}random${asked.parameters['random']}`);
  check(String(registration.packet.password) === signed, 'the registration is not signed with the ProductSecret');

  const reply = seen.find(({ conn, dir, packet }) => conn === registration.conn && dir === 'in' && packet.cmd === 'publish')?.packet;
  if (reply?.cmd !== 'publish') return [...faults, `device ${evidence.index}: no reply to its registration`];
  check(reply.topic === `/ext/${mode}`, `reply on ${reply.topic}`);
  const issued = JSON.parse(reply.payload.toString()) as Record<string, string>;
  check(issued['deviceName'] === deviceName && issued['productKey'] === productKey, 'credentials of another name');

  const login = parametersOf(connection.packet.clientId);
  if (mode === 'regnwl') {
    check(login.part === issued['clientId'], 'the client part is not the issued ClientID');
    check(login.parameters['authType'] === 'connwl', `authType ${login.parameters['authType']}`);
    check(String(connection.packet.password) === issued['deviceToken'], 'the password is not the issued DeviceToken');
    return faults;
  }
  const text = `clientId${login.part}deviceName${deviceName}productKey${productKey}timestamp${login.parameters['timestamp']}`;
  check(
    String(connection.packet.password) === (await hmacSha256(issued['deviceSecret'] ?? '', text)),
    'the connection is not signed with the DeviceSecret',
  );
  return faults;
}
