// Devices that post at a steady pace over TCP and TLS, as few lines of their own as they need: what they count must not depend on ours.
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parser, type Packet } from 'mqtt-packet';
import { postPacket, signInPacket } from '../robustness/packets.ts';

export interface Plan {
  readonly mqtt: number;
  readonly mqtts: number;
  readonly ca: string;
  readonly devices: number;
  readonly minutes: number;
  readonly everyMs: number;
}

export interface Tally {
  readonly connected: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly replies: number;
  /** Connections that ended before their time. */
  readonly lost: number;
  /** Milliseconds from a post to its reply. */
  readonly latency: readonly number[];
  /** Replies in each whole window of `everyMs`. */
  readonly perWindow: readonly number[];
}

/** One device in so many speaks TLS. */
const TLS_SHARE = 5;
/** Handshakes under way at once. */
const DIALLING = 50;
/** How long the last replies may take. */
const LAST_MS = 30_000;

export const deviceNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `soak-${String(i).padStart(6, '0')}`);

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Connects all, lets each post every `everyMs` for so many minutes, waits for the last replies and leaves. */
export async function run(plan: Plan, tell: (line: string) => void): Promise<Tally> {
  const names = deviceNames(plan.devices);
  const sockets: Socket[] = [];
  const count = { connected: 0, sent: 0, acknowledged: 0, replies: 0, lost: 0 };
  const latency: number[] = [];
  const windows: number[] = [];
  let startedAt = performance.now();
  let leaving = false;

  const open = (i: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const encrypted = i % TLS_SHARE === 0;
      const name = names[i]!;
      const to = { host: '127.0.0.1', noDelay: true };
      const socket = encrypted
        ? connectTls({ ...to, port: plan.mqtts, ca: plan.ca, servername: 'localhost' })
        : connectTcp({ ...to, port: plan.mqtt });
      sockets[i] = socket;
      socket.once(encrypted ? 'secureConnect' : 'connect', () =>
        socket.write(signInPacket(name, { encrypted, autoSubscribe: true, keepalive: 300 })),
      );
      const parse = parser();
      parse.on('packet', (packet: Packet) => {
        if (packet.cmd === 'connack' && packet.returnCode === 0) {
          count.connected += 1;
          resolve();
        } else if (packet.cmd === 'puback') count.acknowledged += 1;
        else if (packet.cmd === 'publish') {
          count.replies += 1;
          const { id, code } = JSON.parse(packet.payload.toString()) as { id: string; code: number };
          if (code !== 200) reject(new Error(`${name}: reply ${code}`));
          const now = performance.now();
          // The id says when the post left, in microseconds since the start.
          latency.push(now - startedAt - Number(id) / 1000);
          const window = Math.floor((now - startedAt) / plan.everyMs);
          windows[window] = (windows[window] ?? 0) + 1;
        }
      });
      socket.on('data', (chunk: Buffer) => void parse.parse(chunk));
      socket.on('error', reject);
      socket.on('close', () => {
        if (!leaving) count.lost += 1;
        reject(new Error(`${name} was closed`));
      });
    });

  const queue = names.map((_, i) => i);
  await Promise.all(
    Array.from({ length: DIALLING }, async () => {
      for (let i = queue.pop(); i !== undefined; i = queue.pop()) await open(i);
    }),
  );
  tell(`${count.connected} devices are online`);

  startedAt = performance.now();
  const rounds = Math.max(1, Math.round((plan.minutes * 60_000) / plan.everyMs));
  for (let round = 0; round < rounds; round++) {
    // Spread over the interval, each at its own moment of it, whatever the timer's grain.
    for (let next = 0; next < names.length;) {
      const due = Math.floor(((performance.now() - startedAt) / plan.everyMs - round) * names.length);
      for (; next < Math.min(due, names.length); next++) {
        const id = String(Math.round((performance.now() - startedAt) * 1000));
        if (sockets[next]!.writable) {
          sockets[next]!.write(postPacket(names[next]!, id, 1));
          count.sent += 1;
        }
      }
      if (next < names.length) await sleep(5);
    }
    tell(`round ${round + 1} of ${rounds}: ${count.sent} sent, ${count.replies} replies, ${count.lost} connections lost`);
  }
  const until = performance.now() + LAST_MS;
  while ((count.replies < count.sent || count.acknowledged < count.sent) && performance.now() < until) await sleep(20);
  leaving = true;
  for (const socket of sockets) socket.end();
  return { ...count, latency, perWindow: Array.from({ length: rounds }, (_, i) => windows[i] ?? 0) };
}
