// Every option of the stub that sessions, operators, topics or time can show is read by some check: its reading changes with the option,
// and nothing is judged otherwise for it.
import { beforeAll, expect, test } from 'vitest';
import type { Options } from '../../platform-stub/core/options.ts';
import type { CellAgent } from '../engine/cell-agent.ts';
import { CASES } from '../engine/cases.ts';
import { judgedClass } from '../engine/requirements.ts';
import { countImmediates } from '../engine/virtual-time.ts';
import { judgeCase, type CheckResult } from '../judge/judge.ts';

let cells: CellAgent;
beforeAll(async () => {
  countImmediates();
  cells = (await import('../engine/cell-agent.ts')).cellAgent;
});

async function checksOf(caseId: string, options: Partial<Options>): Promise<readonly CheckResult[]> {
  const definition = CASES.find((one) => one.id === caseId);
  if (!definition) throw new Error(`no case ${caseId}`);
  const record = await cells.run({ caseId, seed: '1', namespace: '0', edition: 'doc2020', options });
  return judgeCase(record, definition.checks, judgedClass).checks;
}

const ROWS: readonly (readonly [Partial<Options>, string])[] = [
  [{ registrationPresence: 'kicks-the-device' }, 'session/registration-apart#session'],
  [{ registrationSubscribe: 'refused' }, 'session/busy-registration#granted'],
  [{ refusalCode: '5' }, 'operator/disable-and-enable#refused-while-disabled'],
  [{ refusalCode: '3' }, 'operator/disable-and-enable#refused-while-disabled'],
  [{ issuedWhileOff: 'refused' }, 'switch/issued-while-off#while-off'],
  [{ disabledRegisters: 'accepted' }, 'operator/disable-and-enable#registration'],
  [{ deviceSecretPolicy: 'rotate' }, 'operator/reset-thing#secret-changed'],
  [{ secretAfterReset: 'new' }, 'operator/reset-thing#secret-changed'],
  [{ sessionAtReset: 'closed' }, 'operator/reset-thing#session'],
  [{ registeredAgain: 'at-registration' }, 'operator/reset-thing#once-more'],
  [{ resetInactive: 'refused' }, 'operator/reset-without-effect#inactive'],
  [{ resetTokenDevice: 'refused' }, 'operator/reset-without-effect#token'],
  [{ deleteOnline: 'refused' }, 'operator/delete-online#permitted'],
  [{ deleteOnline: 'refused' }, 'operator/delete-online#session'],
  [{ countAfterDelete: 'continues' }, 'operator/delete-token-device#count'],
  [{ enabledStatus: 'offline' }, 'operator/disable-and-enable#status-after'],
  [{ clientIdTime: 'first-connected' }, 'operator/presence#client-id-time'],
  [{ sessionsAtSwitch: 'kept' }, 'operator/after-switch#barred-session'],
  [{ sessionsAtSwitch: 'kept' }, 'operator/after-switch#cleared-session'],
  [{ listAfterSwitch: 'kept' }, 'operator/after-switch#listed'],
  [{ listAfterSwitch: 'kept' }, 'operator/after-switch#way-back'],
  [{ pinAfterSwitch: 'on' }, 'operator/after-switch#further'],
  [{ switchToUnknown: 'ignored' }, 'operator/after-switch#unknown'],
  [{ sessionKey: 'clientId' }, 'session/two-client-ids#together'],
  [{ tokenActivation: 'at-registration' }, 'session/registration-apart#active'],
  [{ tokenActivation: 'at-registration' }, 'operator/presence#token-status'],
  [{ onKeepaliveAbove1200: 'refuse' }, 'session/keep-alive#beyond'],
  [{ onForeignPublish: 'closes' }, 'data/foreign-publish#session'],
  [{ kickNotice: 'never' }, 'session/kick-notice#notice'],
  [{ onQos2: 'dropped' }, 'data/qos-2#session'],
  [{ limits: 'vendor' }, 'session/connect-limit#limit'],
  [{ regnwlOffered: 'enterprise', instanceKind: 'public' }, 'prereg/registration-free-offered#offered'],
];

test.each(ROWS)('%j is read by %s', async (options, where) => {
  const [name = '', check = ''] = where.split('#');
  const [usual, other] = [await checksOf(`platform/${name}`, {}), await checksOf(`platform/${name}`, options)];
  const readingOf = (checks: readonly CheckResult[]): unknown => checks.find((one) => one.id === check)?.reading;
  expect(readingOf(usual)).toBeDefined();
  expect(readingOf(other)).not.toEqual(readingOf(usual));
  expect(other.filter((one) => one.verdict !== 'pass').map((one) => one.id)).toEqual([]);
});
