import { platformMutant } from '../mutant.ts';

// Looks whether it could be a token, not whose it is.
export default platformMutant({
  id: 'token-by-shape',
  rule: 'RULE-55',
  replace: (issued, token) => (token.length === issued?.deviceToken.length ? issued : undefined),
});
