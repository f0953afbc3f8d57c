/**
 * Editions: what the documents of a year say where they contradict those of another (section 2.2, RULE-18).
 * An edition sets defaults and says which reading is expected; every form is accepted in every edition.
 */
import { REPLY_TOPIC } from './topics.ts';

/** The documents of 2020 (the default), of 2021, and of 2023 and later. */
export type EditionName = 'doc2020' | 'doc2021' | 'doc2023';

/** The options an edition sets. */
export interface Edition {
  /** `securemode` of a registration on the newest kind of instance (section 2.2); registrationModeParams knows the older kind too. */
  readonly secureMode: { readonly register: '2' | '-2'; readonly regnwl: '2' | '-2' };
  /** When a registration names its instance (section 2.2). */
  readonly instanceId: 'never' | 'regnwl-on-instances' | 'mandatory-on-instances';
  /** Does each registration deliver the same DeviceSecret or a new one (RULE-18)? */
  readonly deviceSecretPolicy: 'stable' | 'rotate';
  /** Where registration without pre-registration is offered (section 1.4). */
  readonly regnwlOffered: 'any' | 'enterprise';
  /** Where the replies go (C1). */
  readonly replyTopic: { readonly register: string; readonly regnwl: string };
  /** Which ClientIDs count towards the five (RULE-39). */
  readonly countLimit: 'issued' | 'activated';
  /** Does a newer connection end that of another ClientID of the device (RULE-51)? */
  readonly sessionKey: 'device' | 'clientId';
  /** Is a further registration refused after a Switch (RULE-49)? */
  readonly pinAfterSwitch: boolean;
  /** What a keep-alive above 1200 s does (RULE-58, C8). */
  readonly onKeepaliveAbove1200: 'clamp' | 'refuse';
  /** Are the limits of limits.ts enforced (section 8)? */
  readonly limits: 'off' | 'vendor';
}

/** Not settled by any revision; the same in all editions. */
const COMMON = {
  replyTopic: REPLY_TOPIC,
  countLimit: 'issued',
  sessionKey: 'device',
  pinAfterSwitch: false,
  onKeepaliveAbove1200: 'clamp',
  limits: 'off',
} as const;

/** The edition of the procedure that Muster starts from (S0). */
export const DEFAULT_EDITION: EditionName = 'doc2020';

/** All editions (section 2.2, RULE-18, section 1.4). */
export const EDITIONS: Readonly<Record<EditionName, Edition>> = {
  doc2020: {
    ...COMMON,
    secureMode: { register: '2', regnwl: '2' },
    instanceId: 'never',
    deviceSecretPolicy: 'stable',
    regnwlOffered: 'any',
  },
  doc2021: {
    ...COMMON,
    secureMode: { register: '2', regnwl: '-2' },
    instanceId: 'regnwl-on-instances',
    deviceSecretPolicy: 'rotate',
    regnwlOffered: 'any',
  },
  doc2023: {
    ...COMMON,
    secureMode: { register: '-2', regnwl: '-2' },
    instanceId: 'mandatory-on-instances',
    deviceSecretPolicy: 'rotate',
    regnwlOffered: 'enterprise',
  },
};

/** Is this the name of an edition? Never throws. */
export function isEditionName(s: string): s is EditionName {
  return Object.hasOwn(EDITIONS, s);
}

/**
 * The `securemode` and `instanceId` that a device of this edition puts into a registration (S1, section 2.2). Leave `instanceId`
 * undefined for a legacy public instance, which has none: in doc2023 that means securemode 2.
 */
export function registrationModeParams(
  edition: EditionName,
  mode: 'register' | 'regnwl',
  instanceId: string | undefined,
): { secureMode: '2' | '-2'; instanceId?: string } {
  const { secureMode, instanceId: rule } = EDITIONS[edition];
  if (rule === 'mandatory-on-instances')
    return instanceId === undefined ? { secureMode: '2' } : { secureMode: secureMode[mode], instanceId };
  if (rule === 'regnwl-on-instances' && mode === 'regnwl' && instanceId !== undefined) return { secureMode: secureMode[mode], instanceId };
  return { secureMode: secureMode[mode] };
}
