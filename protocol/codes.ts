/**
 * The numbers with which the platform answers: CONNACK codes, and the one number space shared by HTTP, `_reply`, `/ext/error` and logs.
 * Which situation gets which number is the platform's policy and not here.
 */

/**
 * CONNACK codes of MQTT 3.1.1 as S1 uses them. The header comments of K1 number 2, 3 and 4 differently (C7); on the wire this holds.
 * `identifier` is also the answer to a keep-alive below 30 s, `credentials` to all that fails authentication (section 4d).
 */
export const CONNACK = { accepted: 0, protocol: 1, identifier: 2, unavailable: 3, credentials: 4, unauthorized: 5 } as const;

/** One of the six CONNACK codes. */
export type ConnackCode = (typeof CONNACK)[keyof typeof CONNACK];

const CONNACK_MEANINGS: Readonly<Record<ConnackCode, string>> = {
  0: 'accepted',
  1: 'protocol version not supported',
  2: 'client identifier malformed, or keep-alive out of range',
  3: 'platform unavailable, or connecting too often',
  4: 'credentials refused',
  5: 'not authorised',
};

/** A CONNACK code in words; a code that MQTT 3.1.1 does not know is named as such (section 4d). Never throws. */
export function connackMeaning(code: number): string {
  return lookUp(CONNACK_MEANINGS, code) ?? `unknown CONNACK code ${code}`;
}

/** The MQTT 5 reason codes for the refusals: the usual mapping, the vendor states none (section 2.5). */
export const MQTT5_REASON: Readonly<Record<ConnackCode, number>> = { 0: 0x00, 1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87 };

/** Answers to a registration over HTTPS, in the body's `code` (S9). */
export const HTTP_CODE = {
  ok: 200,
  throttled: 429,
  parameter: 460,
  fault: 500,
  /** Default for a DeviceName that was not added; S9 does not tie it to this call (RULE-16). */
  deviceNotFound: 6100,
  /** Default for a disabled device (RULE-24). */
  deviceDisabled: 6204,
  productNotFound: 6250,
  /** RULE-11. */
  registrationOff: 6288,
  /** RULE-21. */
  alreadyActivated: 6289,
  signMethod: 6292,
  signature: 6600,
} as const;

/** Every documented device-side code in words (S9, section 7.2). */
export const CODE_MEANINGS: Readonly<Record<number, string>> = {
  200: 'success',
  400: 'request could not be processed',
  401: 'request not authenticated',
  427: 'sub-device logged in elsewhere',
  428: 'too many sub-devices on the gateway',
  429: 'too many requests',
  460: 'parameter missing or malformed',
  500: 'platform fault',
  520: 'no session for the sub-device',
  521: 'sub-device deleted',
  522: 'sub-device disabled',
  5005: 'product not found',
  5159: 'property definition not found',
  5160: 'event definition not found',
  5161: 'service definition not found',
  5244: 'LoRaWAN product metadata not found',
  6100: 'device not found',
  6106: 'more than 200 properties in one post',
  6203: 'topic cannot be read',
  6204: 'device disabled',
  6207: 'payload is not JSON',
  6208: 'device disabled',
  6250: 'product not found',
  6287: 'sub-device signature wrong',
  6288: 'dynamic registration is off',
  6289: 'device already activated',
  6292: 'sign method not supported',
  6300: 'method missing',
  6320: 'property not in the model',
  6400: 'topology fault',
  6401: 'topology fault',
  6402: 'topology fault',
  6450: 'no method',
  6600: 'signature wrong',
  6619: 'bound to another gateway',
  6760: 'platform fault',
  6813: 'topic not allowed',
  9200: 'device not activated',
  9201: 'device offline',
  26001: 'parsing script fault',
  26002: 'parsing script fault',
  26006: 'parsing script fault',
  26007: 'parsing script fault',
  26010: 'parsing script fault',
};

/** A device-side code in words; 100000 to 110000 belong to devices (S9). Never throws. */
export function codeMeaning(code: number): string {
  const known = lookUp(CODE_MEANINGS, code);
  if (known !== undefined) return known;
  return code >= 100000 && code <= 110000 ? `defined by the device (${code})` : `unknown code ${code}`;
}

function lookUp(table: Readonly<Record<number, string>>, code: number): string | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
