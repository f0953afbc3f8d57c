// What the documents leave open, as named options: each says which rule it belongs to, its values (the default first) and what they mean.
// A suite must call every value of every option conformant; only its readings differ. What the documents settle is in policy.ts.
import { EDITIONS, type EditionName } from '../../protocol/editions.ts';

interface Option<V extends readonly string[] = readonly string[]> {
  /** Rules, contradictions (C) or sections of the protocol notes that leave it open. */
  readonly rule: string;
  /** The default first. */
  readonly values: V;
  readonly says: string;
}

const option = <const V extends readonly string[]>(rule: string, values: V, says: string): Option<V> => ({ rule, values, says });

export const OPTIONS = {
  parsing: option(
    'sections 2.1, 4a, 4b',
    ['lenient', 'strict'],
    'strict refuses identifiers that only leniency explains: words without "=", repeated parameters, securemode=-2 without authType',
  ),
  otherInstance: option('section 2.2', ['refused', 'ignored'], 'a registration whose instanceId is not that of this stub'),
  plainConnections: option('section 1.3', ['permitted', 'refused'], 'an ordinary connection that is not encrypted'),
  wsRegistration: option('RULE-02', ['refused', 'accepted'], 'a registration over unencrypted WebSocket'),
  plainHttp: option('section 3', ['refused', 'accepted'], 'a registration over plain HTTP, as one SDK sends it with a domain of one’s own'),
  closeCountsFrom: option('RULE-06', ['reply', 'connack'], 'where the 15 s of a registration connection start'),
  registrationPresence: option('RULE-07', ['separate', 'kicks-the-device'], 'what a registration does to a live session of its device'),
  registrationSubscribe: option(
    'section 2.4',
    ['reply-topics', 'refused'],
    'what a SUBSCRIBE on a registration connection is granted; the reply comes either way',
  ),
  unknownAuthType: option('RULE-10', ['2', '4'], 'CONNACK for an authType that nobody defined'),
  unsupportedSignMethod: option('section 2.5', ['2', '4'], 'CONNACK for a signmethod that is not supported'),
  refusalCode: option(
    'RULE-11, RULE-16, RULE-21, RULE-24, RULE-36, RULE-40, RULE-45',
    ['4', '5', '3'],
    'CONNACK of a refusal for which the documents state none; a wrong signature is always 4',
  ),
  issuedWhileOff: option(
    'RULE-13',
    ['connects', 'refused'],
    'a unit that holds credentials, but never connected before the switch went off',
  ),
  deviceSecretPolicy: option('RULE-18', ['stable', 'rotate'], 'does each registration deliver the same DeviceSecret or a new one?'),
  disabledRegisters: option('RULE-24', ['refused', 'accepted'], 'a registration for a disabled device; connecting is refused either way'),
  secretAfterReset: option('RULE-27', ['by-policy', 'new'], 'the DeviceSecret of the first registration after ResetThing'),
  sessionAtReset: option('RULE-28', ['kept', 'closed'], 'a live session at ResetThing'),
  registeredAgain: option('RULE-29', ['at-connect', 'at-registration'], 'when a device that was reset counts as registered again'),
  resetInactive: option('RULE-30', ['accepted', 'refused'], 'ResetThing on a device that never activated'),
  resetTokenDevice: option('RULE-31', ['accepted', 'refused'], 'ResetThing on a preregistration-free device; its ClientIDs stay'),
  deleteOnline: option('RULE-34', ['closes', 'refused'], 'DeleteDevice while the device is online'),
  countAfterDelete: option('RULE-35', ['restarts', 'continues'], 'do ClientIDs of a deleted incarnation still count towards the five?'),
  enabledStatus: option('RULE-36', ['as-before', 'offline'], 'status of a device that was disabled and enabled and never activated'),
  countLimit: option('RULE-39, RULE-41', ['issued', 'activated'], 'which ClientIDs count towards the five'),
  clientIdTime: option('RULE-44', ['registered', 'first-connected'], 'which time a list of ClientIDs gives as CreateTime'),
  sessionsAtSwitch: option('RULE-47', ['closed', 'kept'], 'live sessions of ClientIDs that a Switch or a Clear forbids'),
  listAfterSwitch: option(
    'RULE-48',
    ['dropped', 'kept'],
    'are forbidden ClientIDs still listed, counted, and can one switch back to them?',
  ),
  pinAfterSwitch: option('RULE-49', ['off', 'on'], 'does a Switch refuse further ClientIDs until a Clear?'),
  switchToUnknown: option('RULE-50', ['refused', 'ignored'], 'a Switch to a ClientID that is not on the list; nothing changes either way'),
  sessionKey: option('RULE-51', ['device', 'clientId'], 'does a newer connection end that of another ClientID of its device?'),
  tokenActivation: option('RULE-52', ['at-connect', 'at-registration'], 'when a preregistration-free device becomes active'),
  registerOnTokenDevice: option('RULE-53', ['refused', 'accepted'], 'pre-registration of a device that preregistration-free made'),
  regnwlOnAddedDevice: option(
    'RULE-53',
    ['while-inactive', 'refused', 'accepted'],
    'preregistration-free registration of a DeviceName that was added beforehand',
  ),
  tokenLifetime: option('RULE-54', ['unlimited', '90-days'], 'how long a DeviceToken works after it was issued'),
  onKeepaliveAbove1200: option('RULE-58, C8', ['clamp', 'refuse'], 'an ordinary connection with a keep-alive above 1200 s'),
  onForeignPublish: option('RULE-59', ['dropped', 'closes'], 'a PUBLISH to a topic that is not the device’s own; nobody receives it'),
  kickNotice: option('section 4f', ['on-request', 'never'], 'the message on /ext/notify before a kick, for clients whose ext asks for it'),
  onQos2: option('section 4g', ['closes', 'dropped'], 'a PUBLISH at QoS 2'),
  regnwlReplyTopic: option('C1', ['/ext/regnwl', '/ext/register'], 'where the credentials of preregistration-free go'),
  instanceKind: option('section 1.4', ['enterprise', 'public'], 'what kind of instance the stub is'),
  regnwlOffered: option('section 1.4', ['any', 'enterprise'], 'on which kind of instance preregistration-free registration exists'),
  limits: option('section 8', ['off', 'vendor'], 'are the published limits enforced?'),
  throttleCode: option('section 8', ['3', '4', '5'], 'CONNACK of a connect that a limit refuses'),
} as const;

export type OptionName = keyof typeof OPTIONS;
export type OptionValue<N extends OptionName> = (typeof OPTIONS)[N]['values'][number];
/** A value for each option. */
export type Options = { readonly [N in OptionName]: OptionValue<N> };

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** Is this one of the option's values? */
export function isOptionValue<N extends OptionName>(name: N, value: string): value is OptionValue<N> {
  return (OPTIONS[name].values as readonly string[]).includes(value);
}

/** The options of an edition (`rules.md`, editions) with some of them set otherwise. */
export function optionsOf(edition: EditionName, given: Partial<Options> = {}): Options {
  const { deviceSecretPolicy, regnwlOffered, countLimit, sessionKey, pinAfterSwitch, onKeepaliveAbove1200, limits, replyTopic } =
    EDITIONS[edition];
  const defaults = Object.fromEntries(OPTION_NAMES.map((name) => [name, OPTIONS[name].values[0]])) as unknown as Options;
  return {
    ...defaults,
    ...{ deviceSecretPolicy, regnwlOffered, countLimit, sessionKey, onKeepaliveAbove1200, limits },
    pinAfterSwitch: pinAfterSwitch ? 'on' : 'off',
    regnwlReplyTopic: replyTopic.regnwl === '/ext/register' ? '/ext/register' : '/ext/regnwl',
    ...given,
  };
}
