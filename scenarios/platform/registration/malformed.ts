// Requests that lack something the documents ask for, or are no request at all: each refused with the code for malformed parameters, while
// the same unit registers with a whole one.
import { CONNACK } from '../../../protocol/codes.ts';
import type { ConnectFields } from '../../../worker/session/session.ts';
import { definePlatformCase, type PlatformCase } from '../../engine/case.ts';
import { MODE_EN, MODE_ZH, nameFor, PROFILE, type Mode } from './by-mode.ts';

type Change = (clientId: string) => string;

const without =
  (name: string): Change =>
  (clientId) =>
    clientId.replace(new RegExp(`${name}=[^,|]*,?`), '').replace(/,\|$/, '|');

/** What RULE-09 names: the code is documented. */
const MISSING: Readonly<Record<string, Change>> = {
  random: without('random'),
  'sign-method': without('signmethod'),
  bars: (clientId) => clientId.replaceAll('|', ','),
  'random-value': (clientId) => clientId.replace(/random=[^,|]*/, 'random='),
  'client-part': (clientId) => clientId.replace(/^[^|]*/, ''),
  'client-part-of-65': (clientId) => clientId.replace(/^[^|]*/, 'c'.repeat(65)),
};

/** What is left may be taken for a sign-in with a DeviceSecret, which fails with another code. */
const NOTHING_LEFT: Readonly<Record<string, Change>> = {
  'auth-type': without('authType'),
  parameters: (clientId) => clientId.replace(/\|.*\|$/s, '||'),
  'equals-signs': (clientId) => clientId.replaceAll('=', ':'),
};

/** What only has to be refused: the documents state no code for a user name or a password that is none. */
const ODD: Readonly<Record<string, (fields: ConnectFields) => ConnectFields>> = {
  'user-name-without-product': (fields) => ({ ...fields, username: fields.username.replace(/&.*/, '') }),
  'user-name-reversed': (fields) => ({ ...fields, username: fields.username.split('&').reverse().join('&') }),
  'password-cut': (fields) => ({ ...fields, password: fields.password.slice(0, -2) }),
  'password-not-hex': (fields) => ({ ...fields, password: 'z'.repeat(fields.password.length) }),
};

/** Rightly formed, but with what no document defines: readings (RULE-10, section 2.5). */
const UNDEFINED: Readonly<Record<string, Change>> = {
  // Shipped identifiers carry stray bars, so that a lenient reader misses nothing without the last one (section 4a).
  'closing-bar': (clientId) => clientId.slice(0, -1),
  'auth-type-nobody': (clientId) => clientId.replace(/authType=[^,|]*/, 'authType=nobody'),
  'sign-method-hmacsha512': (clientId) => clientId.replace(/signmethod=[^,|]*/, 'signmethod=hmacsha512'),
};

/** The case of a mode. */
export function malformedCase(mode: Mode): PlatformCase {
  return definePlatformCase({
    id: `platform/${PROFILE[mode]}/malformed`,
    title: {
      en: `A malformed registration is refused (${MODE_EN[mode]})`,
      'zh-CN': `格式错误的注册请求被拒绝（${MODE_ZH[mode]}）`,
    },
    profiles: [PROFILE[mode]],
    needs: 'cell',
    async drive(t) {
      const guard = await t.guard(mode);
      const unit = t.unit('unit', { mode, deviceName: await nameFor(t, mode, 'unit') });
      await unit.register('control');
      await t.pace();
      for (const [span, change] of Object.entries({ ...MISSING, ...NOTHING_LEFT, ...UNDEFINED })) {
        await unit.register(span, { fields: (fields) => ({ ...fields, clientId: change(fields.clientId) }) });
        await t.pace();
      }
      for (const [span, fields] of Object.entries(ODD)) {
        await unit.register(span, { fields });
        await t.pace();
      }
      await guard.post('alive');
    },
    checks: [
      ...Object.keys(MISSING).map(
        (attempt) =>
          ({
            id: attempt,
            rule: 'RULE-09',
            oracle: 'refused',
            on: { attempt, control: 'control', alive: 'alive', code: CONNACK.identifier },
          }) as const,
      ),
      ...Object.keys(NOTHING_LEFT).map(
        (attempt) => ({ id: attempt, rule: 'RULE-09', oracle: 'refused', on: { attempt, control: 'control', alive: 'alive' } }) as const,
      ),
      ...Object.keys(ODD).map(
        (attempt) => ({ id: attempt, rule: 'RULE-01', oracle: 'refused', on: { attempt, control: 'control', alive: 'alive' } }) as const,
      ),
      { id: 'accepted-when-whole', rule: 'RULE-09', oracle: 'issued', on: { attempt: 'control' } },
      { id: 'closing-bar', rule: 'RULE-09', oracle: 'answers', on: { attempts: ['closing-bar'] }, reading: true },
      { id: 'unknown-auth-type', rule: 'RULE-10', oracle: 'answers', on: { attempts: ['auth-type-nobody'] }, reading: true },
      {
        id: 'unknown-sign-method',
        rule: 'RULE-09',
        oracle: 'answers',
        on: { attempts: ['sign-method-hmacsha512'] },
        reading: true,
      },
    ],
  });
}
