// What the documents leave open of registration and identity is read: another value of the option, another reading of the check beside it.
import { beforeAll, describe, expect, test } from 'vitest';
import { OPTIONS, type OptionName, type Options } from '../../platform-stub/core/options.ts';
import { judgeCase, type CheckResult } from '../judge/judge.ts';
import type { CellAgent } from '../engine/cell-agent.ts';
import { CASES } from '../engine/cases.ts';
import { judgedClass } from '../engine/requirements.ts';
import { countImmediates } from '../engine/virtual-time.ts';

let cells: CellAgent;
beforeAll(async () => {
  countImmediates();
  cells = (await import('../engine/cell-agent.ts')).cellAgent;
});

/** Option → case and check that read it. */
const READ_BY: Readonly<Partial<Record<OptionName, readonly [id: string, check: string]>>> = {
  parsing: ['platform/nwl/registration-variants', 'variants'],
  otherInstance: ['platform/nwl/registration-variants', 'variants'],
  plainConnections: ['platform/prereg/connect-variants', 'in-clear'],
  unknownAuthType: ['platform/nwl/malformed', 'unknown-auth-type'],
  unsupportedSignMethod: ['platform/prereg/malformed', 'unknown-sign-method'],
  refusalCode: ['platform/prereg/unknown-name', 'code'],
  issuedWhileOff: ['platform/registration/issued-then-off', 'while-off'],
  deviceSecretPolicy: ['platform/prereg/one-certificate', 'secret-is-the-same'],
  countLimit: ['platform/nwl/issued-without-connecting', 'what-counts'],
  registerOnTokenDevice: ['platform/registration/other-mode', 'answers'],
  regnwlOnAddedDevice: ['platform/registration/other-mode', 'answers'],
  regnwlReplyTopic: ['platform/nwl/reply-shape', 'shape'],
};

async function read([id, check]: readonly [string, string], options: Partial<Options>): Promise<CheckResult> {
  const definition = CASES.find((one) => one.id === id);
  if (!definition) throw new Error(`no case ${id}`);
  const record = await cells.run({ caseId: id, seed: '1', namespace: '0', edition: 'doc2020', options });
  expect(record.fault).toBeNull();
  const found = judgeCase(record, definition.checks, judgedClass).checks.find((one) => one.id === check);
  if (!found) throw new Error(`no check ${check} in ${id}`);
  return found;
}

const rows = Object.entries(READ_BY).flatMap(([name, by]) =>
  OPTIONS[name as OptionName].values.slice(1).map((value) => [name, value, by] as const),
);

describe('a reading follows the option', () => {
  test.each(rows)('%s=%s', async (name, value, by) => {
    const usual = await read(by, {});
    const other = await read(by, { [name]: value });
    expect([usual.kind, other.kind, other.verdict]).toEqual(['reading', 'reading', 'pass']);
    expect(usual.reading).toBeDefined();
    expect(other.reading).not.toEqual(usual.reading);
  });
});
