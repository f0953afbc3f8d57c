// A mutant breaks one rule; a case that is about other rules keeps its verdict. Where it cannot, the reason stands here.

/** Why cases that do not speak of the mutant's rule change all the same: mutant id → case id (or `*`) → reason. */
export const SIDE_EFFECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'clear-only-kicks': {
    'platform/nwl/cap-not-throttle': 'the control needs a Clear that makes room',
    'platform/nwl/sixth-unit': 'the control needs a Clear that makes room',
  },
  'delete-only-disables': { 'platform/session/queue-follows-identity': 'a deleted name cannot be added again' },
  'disable-ends-a-neighbours-session': {
    'platform/auth/order-of-checks': 'the known-good unit loses its session',
    'platform/registration/refusal-classes': 'live devices lose their sessions when another is disabled',
  },
  'enable-without-effect': { 'platform/registration/refusal-classes': 'a device that was disabled never connects again' },
  'never-activates': { '*': 'no device is ever active, so nothing that needs one can be shown' },
  'refusal:active-already:deactivates': {
    'platform/operator/reset-thing': 'a device is inactive after it was refused',
    'platform/prereg/one-certificate': 'a device is inactive after it was refused, and registers',
  },
  'refusal:bad-signature:spends-a-slot': { 'platform/nwl/sixth-unit': 'badly signed requests in between leave no room' },
  'replies-retained': {
    'platform/data/wildcards': 'where replies are in the topic tree everybody may subscribe to everything',
    'platform/session/own-topics': 'where replies are in the topic tree everybody may subscribe to everything',
  },
  'reply-without-token': { '*': 'no unit can register without being added first' },
  'secret-of-another-device': { '*': 'of several devices of a product none but the first can connect' },
  'sixth-forgets-the-five': { 'platform/nwl/cap-not-throttle': 'the first refusal makes room for the second attempt' },
  'token-opens-nothing': { '*': 'no unit that registered without being added ever connects' },
  'token-works-once': { '*': 'no unit that registered without being added comes back' },
  'cap-per-product': { 'platform/auth/identifier-ambiguity': 'more than five names of one product register' },
  'forgeries-lock-the-name': {
    'platform/auth/credential-confusion': 'the controls register a name after it was refused',
    'platform/auth/order-of-checks': 'the controls register a name after it was refused',
    'platform/switch/registration-off': 'the unit whose first attempt was refused is refused for that',
    'platform/switch/toggled': 'the unit whose first attempt was refused is refused for that',
  },
  'orphans-lock-the-name': {
    'platform/registration/replayed-signature': 'units register again without connecting in between',
    'platform/auth/identifier-ambiguity': 'units register again without connecting in between',
    'platform/nwl/foreign-token': 'two units of a name register before either connects',
    'platform/nwl/random-again': 'units register again without connecting in between',
  },
  'reconnects-spend-slots': {
    'platform/operator/after-switch': 'the connects before the Clear leave no room after it',
    'platform/operator/switch-and-clear': 'the connects before the Clear leave no room after it',
    'platform/session/queue-follows-identity': 'the connects of the first unit leave no room for the others',
  },
  'replies-published': {
    'platform/data/wildcards': 'where replies are in the topic tree everybody may subscribe to everything',
    'platform/session/own-topics': 'where replies are in the topic tree everybody may subscribe to everything',
  },
  'switch-ends-sessions': { 'platform/switch/toggled': 'the known-good unit loses its session' },
  'cap-4': {
    'platform/operator/delete-token-device': 'five units of a name register',
  },
  'switch-drops-sessions-once': {
    'platform/switch/toggled': 'the known-good unit loses its session',
  },
  'off:RULE-56': {
    'platform/switch/issued-while-off': 'no device is ever shown online',
  },
  'off:RULE-01': { 'platform/nwl/sixth-unit': 'badly signed requests in between are answered, and spend ClientIDs' },
  'off:RULE-05': { '*': 'no unit ever gets credentials, so nothing that needs some can be shown' },
  'off:RULE-08': { 'platform/registration/replayed-signature': 'the control is a request that comes again' },
  'off:RULE-12': { 'platform/switch/toggled': 'the known-good unit loses its session' },
  'off:RULE-17': {
    'platform/registration/foreign-sign-in': 'a device that is active from the start is never seen inactive',
    'platform/operator/reset-without-effect': 'a device that is active from the start is never seen inactive',
    'platform/operator/presence': 'a device that is active from the start is never seen inactive',
    'platform/session/second-connect': 'a device that is active from the start is never seen inactive',
    'platform/operator/delete-and-add': 'a device that is active from the start is active after it was added again',
    'platform/registration/refusal-no-side-effect': 'a device that is active from the start is never seen inactive',
  },
  'off:RULE-18': { '*': 'no pre-registered unit ever connects, the known-good one included' },
  'off:RULE-19': {
    'platform/registration/https-switched-off': 'the unit whose first attempt was refused is refused as a repeat',
    'platform/auth/credential-confusion': 'the control registers a second time',
    'platform/auth/order-of-checks': 'the control registers a name after it was refused',
    'platform/prereg/random-again': 'a second registration is refused, whatever its random value',
    'platform/switch/registration-off': 'the unit whose first attempt was refused is refused as a repeat',
    'platform/switch/toggled': 'the unit whose first attempt was refused is refused as a repeat',
  },
  'off:RULE-20': {
    'platform/prereg/one-certificate': 'what registered is active, and refused as such',
    'platform/registration/https': 'what registered is active, and refused as such',
    'platform/operator/presence': 'a device that registered is active before it connects',
    'platform/prereg/random-again': 'what registered is active, and refused as such',
    'platform/registration/orphaned-reply': 'what registered is active, and refused as such',
  },
  'off:RULE-22': {
    'platform/operator/reset-thing': 'the name of an active device that is away registers',
    'platform/registration/refusal-classes': 'the name of an active device that is away registers',
  },
  'off:RULE-37': { '*': 'no unit can register without being added first' },
  'off:RULE-38': {
    'platform/nwl/cap-not-throttle': 'one ClientID serves all units, so the cap is never reached',
    'platform/nwl/foreign-token': 'both units hold the same ClientID and token',
    'platform/nwl/sixth-unit': 'one ClientID serves all units, so the cap is never reached',
    'platform/operator/switch-and-clear': 'all units hold the ClientID that is kept',
    'platform/session/queue-follows-identity': 'both units hold the same ClientID, and so one session',
  },
  'off:RULE-40': { 'platform/nwl/cap-not-throttle': 'the first refusal makes room for the second attempt' },
  'off:RULE-46': {
    'platform/nwl/cap-not-throttle': 'the control needs a Clear that makes room',
    'platform/nwl/sixth-unit': 'the control needs a Clear that makes room',
  },
};
