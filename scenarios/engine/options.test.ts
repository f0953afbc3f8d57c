// What the documents leave open cannot make a platform wrong: for every value of every option of the stub the suite passes, and only its
// readings differ (design, section 5).
import { beforeAll, describe, expect, test } from 'vitest';
import { OPTION_NAMES, OPTIONS, type OptionName, type Options } from '../../platform-stub/core/options.ts';
import { judgeCase } from '../judge/judge.ts';
import type { CellAgent } from './cell-agent.ts';
import { CASES } from './cases.ts';
import { judgedClass } from './requirements.ts';
import { countImmediates } from './virtual-time.ts';

let cells: CellAgent;
beforeAll(async () => {
  countImmediates();
  cells = (await import('./cell-agent.ts')).cellAgent;
});

// Not the crowds: limits that are on make them not applicable, and they take seconds each.
const IN_CELLS = CASES.filter((one) => one.needs === 'cell' && one.direction === 'platform' && one.limits !== 'off');

/** Values under which a profile is not offered at all: the target would not claim it (profiles, not verdicts). */
const WITHDRAWS: Readonly<
  Partial<Record<OptionName, { readonly value: string; readonly with?: Partial<Options>; readonly profile: string }>>
> = {
  regnwlOffered: { value: 'enterprise', with: { instanceKind: 'public' }, profile: 'nwl' },
};

const rows = OPTION_NAMES.flatMap((name) => OPTIONS[name].values.slice(1).map((value: string) => [name, value] as const));

describe('every value of every option is conformant', () => {
  test.each(rows)('%s=%s', async (name, value) => {
    const withdrawn = WITHDRAWS[name]?.value === value ? WITHDRAWS[name] : undefined;
    const options = { ...withdrawn?.with, [name]: value };
    const wrong: unknown[] = [];
    for (const definition of IN_CELLS) {
      if (withdrawn && (definition.profiles as readonly string[]).includes(withdrawn.profile)) continue;
      const record = await cells.run({ caseId: definition.id, seed: '1', namespace: '0', edition: 'doc2020', options });
      const { checks } = judgeCase(record, definition.checks, judgedClass);
      for (const check of checks) if (check.verdict !== 'pass') wrong.push([definition.id, check.id, check.verdict, record.fault]);
    }
    expect(wrong).toEqual([]);
  });

  test('and they reach the platform: a reading changes with the option it is about', async () => {
    const definition = CASES.find((one) => one.id === 'platform/registration/after-activation');
    if (!definition) throw new Error('no such case');
    const reading = async (options: Partial<Options>): Promise<unknown> => {
      const record = await cells.run({ caseId: definition.id, seed: '1', namespace: '0', edition: 'doc2020', options });
      return judgeCase(record, definition.checks, judgedClass).checks.find((check) => check.id === 'secret-changed');
    };
    expect(await reading({})).not.toEqual(await reading({ deviceSecretPolicy: 'rotate' }));
  });
});
