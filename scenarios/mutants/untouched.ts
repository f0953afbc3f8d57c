// Why a check stays green whatever mutant it meets. A reason is no excuse for a check that could have a mutant.

interface Reason {
  /** Of `case#check`. */
  readonly checks: RegExp;
  readonly why: string;
}

const REASONS: readonly Reason[] = [
  {
    checks:
      /#(issued|accepted-when-right|served|still-served|other-product-registers|clear-forbids-a|last-lives|newer-lives)$|after-switch#neighbour-lives|(five-units|sixth-unit)#online-/,
    why: 'Follows another check of its case that turns red first: the known-good unit, a control, or the same defect a step later',
  },
  {
    checks:
      /^platform\/(nwl|prereg)\/malformed#|#(illegal|no-device|connects)-|#unsigned-authType|https-refusals#(without-|unknown-)|#unknown-product/,
    why: 'Grammar: what cannot be read, or names no product, is refused before any entry of the policy is asked; the tests of `protocol/` break it',
  },
  {
    checks: /#(register-|regnwl-)?tells-nothing$/,
    why: 'Can only warn: an answer that differs by what the platform knows breaks no MUST, and a MUST is broken by a fail',
  },
  {
    checks: /^platform\/data\/|^platform\/session\/own-topics#/,
    why: 'What a device publishes goes to the platform alone and to no topic tree: no entry of the policy lets it through to another (`front/mqtt.test.ts`)',
  },
  {
    checks: /^platform\/transport\/|^platform\/links\//,
    why: 'Sockets, TLS and framing: a mutant is wrong behind them, in what the state machine decides',
  },
  {
    checks: /refusal-classes#(refused|status|no-slot)-(disabled|activated)$/,
    why: 'Two rules forbid it at once: the device is disabled and active, so breaking either leaves the other',
  },
  {
    checks: /session\/silent-connection#|session\/two-connects#|session\/second-connect#served/,
    why: 'Packets of an open connection: the front and the keep-alive scan deal with them, and ask no entry of the policy',
  },
  {
    checks: /reply-isolation#nothing-(queued|afterwards)|queue-follows-identity#not-after-/,
    why: 'A platform that keeps messages beyond the end of a credential: the broker drops them with the session, and no entry of the policy decides it',
  },
  {
    checks: /dialects#/,
    why: 'Differs from its control in what no rule speaks of; it is there to find a platform that was built for one SDK',
  },
  {
    checks: /^platform\/scale\//,
    why: 'Something beside the crowd, or a crowd in a state that only a race could bring about: a cell has one thread',
  },
  {
    checks: /credential-confusion#token-as-key/,
    why: 'A device with tokens has no key that a sign-in could be compared with, so no entry of the policy is asked',
  },
];

/** The reason, if there is one. */
export function whyUntouched(check: string): string | undefined {
  return REASONS.find(({ checks }) => checks.test(check))?.why;
}
