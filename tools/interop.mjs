// Foreign MQTT clients that interop tests run where they are installed. In CI as root on Debian they are installed first; elsewhere the
// tests that need them say what they skipped.
import { hasApt, isRoot, onPath, succeeds } from './chromium.mjs';

/** Program and the Debian package it comes from. */
const CLIENTS = [['mosquitto_pub', 'mosquitto-clients']];

export function ensureInterop() {
  const missing = CLIENTS.flatMap(([program, name]) => (program && name && !onPath(program) ? [name] : []));
  if (missing.length === 0 || !process.env['CI'] || !isRoot || !hasApt) return;
  const installed = succeeds('apt-get', ['update']) && succeeds('apt-get', ['install', '-y', '--no-install-recommends', ...missing]);
  if (!installed) console.error(`Could not install ${missing.join(', ')}: tests against them are skipped.`);
}
