// A target that nobody administers during the run: every MUST that belongs to it has a check in a case that applies to it.
import { describe, expect, test } from 'vitest';
import { CASES } from '../engine/cases.ts';
import { applies, requirementSet } from '../engine/requirements.ts';
import type { Profile } from '../rules/catalogue.ts';

const CLAIMS: readonly (readonly Profile[])[] = [['prereg'], ['nwl'], ['prereg', 'nwl']];

describe('without an administrator', () => {
  test.each(CLAIMS.map((claim) => [claim.join('+'), claim] as const))('%s: every required MUST is judged', (_name, claim) => {
    const judged = CASES.filter((one) => one.direction === 'platform' && applies(one, claim)).flatMap((one) =>
      one.checks.filter((check) => !check.reading).map((check) => check.rule),
    );
    const { rules, notCovered } = requirementSet('platform', claim);
    expect(notCovered.filter((rule) => rule.class === 'M')).toEqual([]);
    expect(rules.filter((rule) => rule.class === 'M' && !judged.includes(rule.id)).map((rule) => rule.id)).toEqual([]);
  });
});
