/** Longer than any window in which the vendor limits connects (S8), milliseconds: nothing but the rule under test can refuse. */
export const PACE_MS = 61_000;
