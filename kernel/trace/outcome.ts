// How an attempt of a device ended. One union for the fleet's counters and for the oracles.

export type Stage = 'dns' | 'tcp' | 'tls' | 'ws' | 'connack' | 'reply' | 'session';

export type Outcome =
  | { readonly kind: 'issued'; readonly mode: 'register' | 'regnwl'; readonly via: 'mqtt' | 'https'; readonly topic?: string }
  | { readonly kind: 'accepted'; readonly sessionPresent: boolean }
  | { readonly kind: 'refused'; readonly by: 'connack' | 'http'; readonly code: number }
  /** The answer broke the protocol, or brought credentials of another name. */
  | { readonly kind: 'malformed'; readonly what: 'connack' | 'reply' | 'packet' | 'http'; readonly why: string }
  | { readonly kind: 'closed'; readonly stage: Stage; readonly afterMs: number }
  | { readonly kind: 'silent'; readonly stage: Stage; readonly waitedMs: number }
  /** The target could not be reached: its fault, or its address's. */
  | { readonly kind: 'unreachable'; readonly stage: 'dns' | 'tcp' | 'tls' | 'ws'; readonly code: string }
  | { readonly kind: 'aborted'; readonly by: 'operator' | 'stop-condition' }
  /** Our own machine's limit: never counted against the platform. */
  | { readonly kind: 'local'; readonly reason: LocalReason };

export type LocalReason = 'ports' | 'descriptors' | 'browser-cap' | 'generator-late' | 'relay';

/** A short, stable name of an outcome, for counters: `refused connack 4`, `silent reply`. */
export function outcomeKey(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'issued':
      return `issued ${outcome.mode} ${outcome.via}`;
    case 'accepted':
      return 'accepted';
    case 'refused':
      return `refused ${outcome.by} ${outcome.code}`;
    case 'malformed':
      return `malformed ${outcome.what}`;
    case 'closed':
    case 'silent':
      return `${outcome.kind} ${outcome.stage}`;
    case 'unreachable':
      return `unreachable ${outcome.stage} ${outcome.code}`;
    case 'aborted':
      return `aborted ${outcome.by}`;
    case 'local':
      return `local ${outcome.reason}`;
  }
}
