// What the documents leave open cannot make a platform wrong: for every value of every option of the stub the suite passes, and only its
// readings differ (design, section 5). And they do differ: an option that no reading shows is listed here with the reason.
import { beforeAll, describe, expect, test } from 'vitest';
import { OPTION_NAMES, OPTIONS, type OptionName, type Options } from '../../platform-stub/core/options.ts';
import { judgeCase, type CheckResult } from '../judge/judge.ts';
import type { CellAgent } from './cell-agent.ts';
import { CASES } from './cases.ts';
import { judgedClass } from './requirements.ts';
import { countImmediates } from './virtual-time.ts';

let cells: CellAgent;
beforeAll(async () => {
  countImmediates();
  cells = (await import('./cell-agent.ts')).cellAgent;
});

// Not the crowds: they take seconds each, and speak of nothing that an option leaves open.
const IN_CELLS = CASES.filter((one) => one.needs === 'cell' && one.direction === 'platform' && !one.id.startsWith('platform/scale/'));

interface Together {
  /** Without these the option decides nothing. */
  readonly with: Partial<Options>;
  /** A profile that is then not offered at all: the target would not claim it (profiles, not verdicts). */
  readonly withdraws?: string;
}

const TOGETHER: Readonly<Partial<Record<OptionName, Together>>> = {
  regnwlOffered: { with: { instanceKind: 'public' }, withdraws: 'nwl' },
  instanceKind: { with: { regnwlOffered: 'enterprise' }, withdraws: 'nwl' },
  throttleCode: { with: { limits: 'vendor' } },
};

/** Options whose values no reading of a cell tells apart, and why. */
const UNREAD: Readonly<Partial<Record<OptionName, string>>> = {
  closeCountsFrom: 'CONNACK and reply come in one instant: judge/oracles/reply.test.ts has them apart',
  wsRegistration: 'a cell has no WebSocket: transport/websocket reads it over sockets (platform/sockets.test.ts)',
  plainHttp: 'a cell has no HTTP: registration/https reads it over sockets (platform/sockets.test.ts)',
  tokenLifetime: 'RULE-54 is of class X: no run lasts as long as a token might',
};

const rows = OPTION_NAMES.flatMap((name) => OPTIONS[name].values.slice(1).map((value: string) => [name, value] as const));

async function judged(options: Partial<Options>, withdraws?: string): Promise<Map<string, CheckResult>> {
  const found = new Map<string, CheckResult>();
  for (const definition of IN_CELLS) {
    if (withdraws !== undefined && (definition.profiles as readonly string[]).includes(withdraws)) continue;
    const record = await cells.run({ caseId: definition.id, seed: '1', namespace: '0', edition: 'doc2020', options });
    expect([definition.id, record.fault]).toEqual([definition.id, null]);
    for (const check of judgeCase(record, definition.checks, judgedClass).checks) found.set(`${definition.id}#${check.id}`, check);
  }
  return found;
}

/** Readings without the option, made once for all rows that share what is set besides. */
const usual = new Map<string, Promise<Map<string, CheckResult>>>();

function usually({ with: options, withdraws }: Together): Promise<Map<string, CheckResult>> {
  const key = JSON.stringify([options, withdraws]);
  const found = usual.get(key) ?? judged(options, withdraws);
  usual.set(key, found);
  return found;
}

// The first row runs the suite twice.
describe('every value of every option is conformant, and another reading', { timeout: 120_000 }, () => {
  test.each(rows)('%s=%s', async (name, value) => {
    const together = TOGETHER[name] ?? { with: {} };
    const before = await usually(together);
    const after = await judged({ ...together.with, [name]: value }, together.withdraws);
    const wrong = [...after].filter(([, check]) => check.verdict !== 'pass').map(([id, check]) => [id, check.verdict, check.because]);
    expect(wrong).toEqual([]);
    const readBy = [...after].filter(
      ([id, { kind, reading }]) => kind === 'reading' && JSON.stringify(reading) !== JSON.stringify(before.get(id)?.reading),
    );
    // An entry that is not needed any more is as wrong as one that is missing.
    expect([name, value, readBy.length > 0]).toEqual([name, value, UNREAD[name] === undefined]);
  });
});
