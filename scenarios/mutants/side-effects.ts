// A mutant breaks one rule; a case that is about other rules keeps its verdict. Where it cannot, the reason stands here.

/** Why cases that do not speak of the mutant's rule change all the same: mutant id → case id (or `*`) → reason. */
export const SIDE_EFFECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'off:RULE-01': { 'platform/nwl/sixth-unit': 'badly signed requests in between are answered, and spend ClientIDs' },
  'off:RULE-05': { '*': 'no unit ever gets credentials, so nothing that needs some can be shown' },
  'off:RULE-17': {
    'platform/operator/delete-and-add': 'a device that is active from the start is active after it was added again',
    'platform/registration/refusal-no-side-effect': 'a device that is active from the start is never seen inactive',
  },
  'off:RULE-18': { '*': 'no pre-registered unit ever connects, the known-good one included' },
  'off:RULE-19': { 'platform/switch/registration-off': 'the unit whose first attempt was refused is refused as a repeat' },
  'off:RULE-37': { '*': 'no unit can register without being added first' },
  'off:RULE-38': {
    'platform/nwl/foreign-token': 'both units hold the same ClientID and token',
    'platform/nwl/sixth-unit': 'one ClientID serves all units, so the cap is never reached',
    'platform/operator/switch-and-clear': 'all units hold the ClientID that is kept',
  },
  'off:RULE-46': { 'platform/nwl/sixth-unit': 'the control needs a Clear that makes room' },
  'reconnects-spend-slots': { 'platform/operator/switch-and-clear': 'the connects before the Clear leave no room after it' },
};
