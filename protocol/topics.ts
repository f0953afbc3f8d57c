/**
 * Topics: where replies to a registration go (section 2.3), the business topics of a device (section 11), and which of all topics are a
 * device's own (RULE-59). Not here: matching filters against topics; the broker does that.
 */
import { ProtocolError } from './errors.ts';
import { isDeviceName, isProductKey, requireDeviceName, requireProductKey } from './names.ts';

/** Where the reply to a registration goes. The documents name the first for both modes; the SDKs wait for the second in regnwl (C1). */
export const REPLY_TOPIC = { register: '/ext/register', regnwl: '/ext/regnwl' } as const;

/** Is this one of the two reply topics? A device accepts either in either mode (section 2.3). Never throws. */
export function isReplyTopic(topic: string): boolean {
  return topic === REPLY_TOPIC.register || topic === REPLY_TOPIC.regnwl;
}

/** Where a client that set bit 1 of `ext` is told that it was kicked (S19, section 4f). Sent unasked; nobody's own topic. */
export const NOTIFY_TOPIC = '/ext/notify';

/** Device to platform: property values (section 11). Like all builders here it throws ProtocolError `product-key` or `device-name`. */
export function propertyPost(pk: string, dn: string): string {
  return eventPost(pk, dn, 'property');
}

/** Platform to device: answer to propertyPost (section 11). */
export function propertyPostReply(pk: string, dn: string): string {
  return eventPostReply(pk, dn, 'property');
}

/** Device to platform: an event of the model (section 11). Throws ProtocolError `topic` for an event id that is no single level. */
export function eventPost(pk: string, dn: string, eventId: string): string {
  return sys(pk, dn, `thing/event/${level(eventId)}/post`);
}

/** Platform to device: answer to eventPost (section 11). */
export function eventPostReply(pk: string, dn: string, eventId: string): string {
  return sys(pk, dn, `thing/event/${level(eventId)}/post_reply`);
}

/** Platform to device: set properties (section 11). */
export function propertySet(pk: string, dn: string): string {
  return sys(pk, dn, 'thing/service/property/set');
}

/** Device to platform: answer to propertySet (section 11). */
export function propertySetReply(pk: string, dn: string): string {
  return sys(pk, dn, 'thing/service/property/set_reply');
}

/** Device to platform: tags (section 11). */
export function deviceInfoUpdate(pk: string, dn: string): string {
  return sys(pk, dn, 'thing/deviceinfo/update');
}

/** Platform to device: answer to deviceInfoUpdate (section 11). */
export function deviceInfoUpdateReply(pk: string, dn: string): string {
  return sys(pk, dn, 'thing/deviceinfo/update_reply');
}

/** Platform to device: remote configuration (section 11). */
export function configPush(pk: string, dn: string): string {
  return sys(pk, dn, 'thing/config/push');
}

/** Platform to device: a synchronous request; `+` subscribes to all of them (section 11). */
export function rrpcRequest(pk: string, dn: string, messageId: string): string {
  return sys(pk, dn, `rrpc/request/${messageId === '+' ? '+' : level(messageId)}`);
}

/** Device to platform: the answer to an rrpcRequest (section 11). */
export function rrpcResponse(pk: string, dn: string, messageId: string): string {
  return sys(pk, dn, `rrpc/response/${level(messageId)}`);
}

/** Device to platform: its firmware version (section 11). */
export function otaInform(pk: string, dn: string): string {
  return `/ota/device/inform/${path(pk, dn)}`;
}

/** Platform to device: a new firmware is there (section 11). */
export function otaUpgrade(pk: string, dn: string): string {
  return `/ota/device/upgrade/${path(pk, dn)}`;
}

/** Device to platform: how far the upgrade is (section 11). */
export function otaProgress(pk: string, dn: string): string {
  return `/ota/device/progress/${path(pk, dn)}`;
}

/** Device to platform: what time is it (section 11). */
export function ntpRequest(pk: string, dn: string): string {
  return `/ext/ntp/${path(pk, dn)}/request`;
}

/** Platform to device: answer to ntpRequest (section 11). */
export function ntpResponse(pk: string, dn: string): string {
  return `/ext/ntp/${path(pk, dn)}/response`;
}

/** Platform to device: faults of a gateway's sub-devices, codes 427, 428, 520 to 522 (S9, section 4f). */
export function deviceError(pk: string, dn: string): string {
  return `/ext/error/${path(pk, dn)}`;
}

/** Device to platform: its shadow (section 11). */
export function shadowUpdate(pk: string, dn: string): string {
  return `/shadow/update/${path(pk, dn)}`;
}

/** Platform to device: its shadow (section 11). */
export function shadowGet(pk: string, dn: string): string {
  return `/shadow/get/${path(pk, dn)}`;
}

/** Device to platform: custom data (section 11). */
export function userUpdate(pk: string, dn: string): string {
  return `/${path(pk, dn)}/user/update`;
}

/** Platform to device: custom data (section 11). */
export function userGet(pk: string, dn: string): string {
  return `/${path(pk, dn)}/user/get`;
}

/** What a level of an own topic must be: the device's names, fixed text, or anything (`*`). `…` stands for one or more further levels. */
type Shape = readonly string[];

/** Topics that carry both names; only this device uses them (RULE-59, section 11). */
const PRIVATE_SHAPES: readonly Shape[] = [
  ['sys', '{pk}', '{dn}', '…'],
  ['ota', '*', '*', '{pk}', '{dn}'],
  ['ota', '*', '*', '{pk}', '{dn}', '…'],
  ['shadow', '*', '{pk}', '{dn}'],
  ['shadow', '*', '{pk}', '{dn}', '…'],
  ['ext', 'session', '{pk}', '{dn}', '…'],
  ['ext', 'ntp', '{pk}', '{dn}', '…'],
  ['ext', 'error', '{pk}', '{dn}'],
  ['ext', 'error', '{pk}', '{dn}', '…'],
  ['{pk}', '{dn}', 'user', '…'],
];

/** Topics that devices share: the platform writes, devices only read (section 11; clients subscribe to them unasked). */
const SHARED_SHAPES: readonly Shape[] = [
  ['broadcast', '{pk}', '…'],
  ['ext', 'network', 'probe', '*'],
];

/** First levels that a ProductKey must not be taken for: `/sys/{dn}/user/…` would be the /sys topic of a device called `user`. */
const RESERVED_FIRST_LEVELS: readonly string[] = ['sys', 'ota', 'shadow', 'ext', 'broadcast'];

/**
 * May this device use this topic or filter at all (RULE-59)? Own topics are /sys, /ota, /shadow, /ext/session, /ext/ntp, /ext/error and
 * custom topics under its names, and for reading /broadcast/{pk} and /ext/network/probe. Wildcards are allowed where they cannot reach
 * another device's topics, so `#`, `/sys/#` and `/sys/+/{dn}/…` are not. The reply topics of a registration belong to nobody.
 * Malformed filters and illegal names give false. Never throws. Publishing needs mayPublish.
 */
export function ownTopic(topicOrFilter: string, pk: string, dn: string): boolean {
  return fitsAny(PRIVATE_SHAPES, topicOrFilter, pk, dn) || fitsAny(SHARED_SHAPES, topicOrFilter, pk, dn);
}

/** May this device publish here (RULE-59): an own topic, no wildcard, none that its neighbours read too? Never throws. */
export function mayPublish(topic: string, pk: string, dn: string): boolean {
  return fitsAny(PRIVATE_SHAPES, topic, pk, dn) && !/[+#]/.test(topic);
}

function fitsAny(shapes: readonly Shape[], filter: string, pk: string, dn: string): boolean {
  if (typeof filter !== 'string' || !isProductKey(pk) || !isDeviceName(dn)) return false;
  const [root, ...levels] = filter.split('/');
  if (root !== '' || !isWellFormed(levels)) return false;
  return shapes.some((shape) => fits(shape, levels, pk, dn));
}

/** Level by level. A wildcard can stand only where the shape leaves the level open; in the place of a name it would reach others. */
function fits(shape: Shape, levels: readonly string[], pk: string, dn: string): boolean {
  const open = shape.at(-1) === '…';
  const fixed = open ? shape.slice(0, -1) : shape;
  if (open ? levels.length <= fixed.length : levels.length !== fixed.length) return false;
  return fixed.every((want, i) => {
    const have = levels[i];
    if (want === '*') return have !== '' && have !== '#';
    if (want === '{pk}') return have === pk && !(i === 0 && RESERVED_FIRST_LEVELS.includes(pk));
    return have === (want === '{dn}' ? dn : want);
  });
}

/** MQTT 3.1.1, 4.7: a wildcard fills its level, `#` comes last, no U+0000. */
function isWellFormed(levels: readonly string[]): boolean {
  return levels.every((text, i) => {
    if (text.includes('\0')) return false;
    if (text === '#') return i === levels.length - 1;
    return text === '+' || !/[+#]/.test(text);
  });
}

function path(pk: string, dn: string): string {
  return `${requireProductKey(pk)}/${requireDeviceName(dn)}`;
}

function sys(pk: string, dn: string, rest: string): string {
  return `/sys/${path(pk, dn)}/${rest}`;
}

function level(text: string): string {
  if (text === '' || /[/+#\0]/.test(text)) throw new ProtocolError('topic', 'that is not one topic level');
  return text;
}
