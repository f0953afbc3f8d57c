// Foreign MQTT clients, and a broker, that interop tests and the bench run where they are installed. In CI as root on Debian they are installed first. Where they are
// missing all the same, the tests that need them say what they skipped; in CI they fail.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasApt, isRoot, onPath, succeeds } from './chromium.mjs';

/** Packages of Debian, and how one sees that they are there. */
const CLIENTS = [
  // Its package puts it where only root looks.
  { name: 'mosquitto', present: () => onPath('mosquitto') !== undefined || existsSync('/usr/sbin/mosquitto') },
  { name: 'mosquitto-clients', present: () => ['mosquitto_pub', 'mosquitto_sub', 'mosquitto_rr'].every(onPath) },
  // The system's Python has it, which need not be the first on PATH.
  { name: 'python3-paho-mqtt', present: () => ['/usr/bin/python3', 'python3'].some(hasPaho) },
];

/** @param {string} python */
function hasPaho(python) {
  return spawnSync(python, ['-c', 'import paho.mqtt.client'], { stdio: 'ignore' }).status === 0;
}

export function ensureInterop() {
  if (!process.env['CI'] || !isRoot || !hasApt) return;
  const missing = CLIENTS.filter(({ present }) => !present()).map(({ name }) => name);
  if (missing.length === 0) return;
  const installed = succeeds('apt-get', ['update']) && succeeds('apt-get', ['install', '-y', '--no-install-recommends', ...missing]);
  if (!installed) console.error(`Could not install ${missing.join(', ')}: tests against them fail.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInterop();
