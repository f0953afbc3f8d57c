// Registrations as the SDK families in the field write them: the documents fix what a request holds, and neither its order, nor what stands
// before the first bar, nor the case of the hex digits, nor the keep-alive.
import { CONNECT_DIALECTS, REGISTRATION_DIALECTS, TOKEN_DIALECTS, type RegistrationDialect } from '../../../worker/unit/dialects.ts';
import { definePlatformCase, type PlatformCase } from '../../engine/case.ts';
import { MODE_EN, MODE_ZH, nameFor, PROFILE, type Mode } from './by-mode.ts';

type Family = keyof typeof REGISTRATION_DIALECTS;

/** Families that speak the mode. */
function familiesOf(mode: Mode): readonly (readonly [Family, RegistrationDialect])[] {
  const all = Object.entries(REGISTRATION_DIALECTS) as [Family, RegistrationDialect][];
  return all.filter(([, { modes }]) => modes.includes(mode));
}

const CONNECTS = Object.entries(CONNECT_DIALECTS);
const TOKENS = Object.entries(TOKEN_DIALECTS);

/** The case of a mode: every family registers, and what was issued is then used as every family writes its sign-in. */
export function dialectsCase(mode: Mode): PlatformCase {
  const families = familiesOf(mode);
  const signIns = (mode === 'register' ? CONNECTS : TOKENS).map(([family]) => `connects-${family}`);
  return definePlatformCase({
    id: `platform/${PROFILE[mode]}/dialects`,
    title: {
      en: `A registration is accepted as every SDK family writes it (${MODE_EN[mode]})`,
      'zh-CN': `各 SDK 家族写法的注册请求均被接受（${MODE_ZH[mode]}）`,
    },
    profiles: [PROFILE[mode]],
    needs: 'cell',
    async drive(t) {
      const guard = await t.guard(mode);
      // A name for each: more families than one name has ClientIDs, and nothing to wait for.
      for (const [family, dialect] of families) {
        await t.unit(family, { mode, deviceName: await nameFor(t, mode, family) }).register(family, { dialect });
      }
      const control = t.unit('control', { mode, deviceName: await nameFor(t, mode, 'control') });
      await control.register('control');
      if (mode === 'register') {
        for (const [family, connectDialect] of CONNECTS) {
          await control.connect(`connects-${family}`, { connectDialect });
          await t.pace();
        }
      } else {
        for (const [family, list] of TOKENS) {
          await control.connect(`connects-${family}`, {
            fields: (fields) => ({ ...fields, clientId: fields.clientId.replace(/\|.*/s, `|${list}|`) }),
          });
          await t.pace();
        }
      }
      await guard.post('alive');
    },
    checks: [
      ...families.map(
        ([attempt]) =>
          ({ id: attempt, rule: 'RULE-01', oracle: 'acceptedLikeControl', on: { attempt, control: 'control', alive: 'alive' } }) as const,
      ),
      {
        id: 'upper-case-hex',
        rule: 'RULE-04',
        oracle: 'acceptedLikeControl',
        on: { attempt: 'c-4.2', control: 'control', alive: 'alive' },
      } as const,
      // Parameters that no document explains come with a sign-in, so how it is taken is a reading.
      {
        id: 'sign-ins',
        rule: mode === 'register' ? 'RULE-18' : 'RULE-55',
        oracle: 'answers',
        on: { attempts: signIns },
        reading: true,
      } as const,
    ],
  });
}
