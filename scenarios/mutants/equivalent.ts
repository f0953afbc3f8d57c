// Mutants that no observer could tell from a right platform, each with the sentence that proves it.

/** Mutant id → why nothing can show it. */
export const EQUIVALENT: Readonly<Record<string, string>> = {};
