// How a complaint mentions what a user wrote: a secret that stands in the wrong place must not come back on a terminal or in a log.
import { nearest } from './words.ts';

/** The vendor's ProductSecrets have 16 characters and its DeviceSecrets 32: what is shorter is none of them, and is shown. */
const SECRET_LENGTH = 16;

/** Words of the domain that are written as keys where there are none. */
const DOMAIN = ['productKey', 'productSecret', 'deviceName', 'deviceSecret', 'clientId', 'deviceToken', 'instanceId'];

/** `a text of 16 characters`. */
export function described(text: string): string {
  return `a text of ${text.length} ${text.length === 1 ? 'character' : 'characters'}`;
}

/** May a text be repeated? One that is near one of `known` may, however long it is. */
export function isShown(text: string, known: readonly string[] = []): boolean {
  return text.length < SECRET_LENGTH || nearest(text, known) !== undefined;
}

/**
 * A value that does not belong where it stands: as it was written, or described.
 * @param allowed texts that do belong there
 */
export function mention(value: unknown, allowed: readonly string[] = []): string {
  if (typeof value === 'number' || typeof value === 'bigint') {
    const digits = String(value).replace(/\D/g, '').length;
    return digits >= SECRET_LENGTH ? `a number of ${digits} digits` : String(value);
  }
  if (typeof value === 'string') return isShown(value, allowed) ? JSON.stringify(value) : described(value);
  if (Array.isArray(value)) return 'a list';
  return value === null || typeof value !== 'object' ? String(value) : '`key: value` lines';
}

/** A name that a user gave to something, or a key. @param known keys that there are */
export function mentionName(name: string, known: readonly string[] = []): string {
  return isShown(name, [...known, ...DOMAIN]) ? name : described(name);
}

/** A path that a document names; undefined where a long word looks like nothing of the kind. */
export function mentionPath(path: string): string | undefined {
  return isShown(path) || /\.[a-z][a-z0-9]{1,5}$/.test(path) || path.split('/').every((part) => isShown(part)) ? path : undefined;
}

/** The name of an environment variable; undefined where a long word looks like a value. */
export function mentionVariable(name: string): string | undefined {
  return isShown(name) || (/^[A-Z0-9_]+$/.test(name) && name.split('_').every((part) => isShown(part))) ? name : undefined;
}
