// The sign methods of the documents in one mode: a request is signed by the method that it names, and by no other.
import { registrationContent } from '../../../protocol/content.ts';
import { sign, SIGN_METHODS, type SignMethod } from '../../../protocol/sign.ts';
import type { Bend } from '../../../worker/unit/unit.ts';
import { CONNACK } from '../../../protocol/codes.ts';
import { definePlatformCase, type PlatformCase } from '../../engine/case.ts';
import { MODE_EN, MODE_ZH, nameFor, PROFILE, type Mode } from './by-mode.ts';

/** Requests that name one method and are signed by another: every pair, since a platform may assume any of the three. */
const CROSSED = SIGN_METHODS.flatMap((named) =>
  SIGN_METHODS.filter((used) => used !== named).map((used) => ({ named, used, id: `${named}-signed-by-${used}` })),
);

/** The case of a mode: a name for each method, so that no attempt depends on those before it. */
export function signMethodsCase(mode: Mode): PlatformCase {
  return definePlatformCase({
    id: `platform/${PROFILE[mode]}/sign-methods`,
    title: {
      en: `Every sign method registers (${MODE_EN[mode]}); a signature by another method than the one named is refused`,
      'zh-CN': `各签名方法均可注册（${MODE_ZH[mode]}）；用其他方法计算的签名被拒绝`,
    },
    profiles: [PROFILE[mode]],
    needs: 'cell',
    async drive(t) {
      const { productKey, productSecret } = t.product;
      const guard = await t.guard(mode);
      const signedBy = (deviceName: string, named: SignMethod, used: SignMethod): Bend => {
        const random = `${named}${used}`;
        const content = registrationContent({ deviceName, productKey, random });
        return { signMethod: named, random, fields: (fields) => ({ ...fields, password: sign(used, productSecret, content) }) };
      };
      for (const signMethod of SIGN_METHODS) {
        const deviceName = await nameFor(t, mode, signMethod);
        const unit = t.unit(signMethod, { mode, deviceName });
        await unit.register(signMethod, { signMethod });
        for (const { named, used, id } of CROSSED) {
          if (named !== signMethod) continue;
          await t.pace();
          await unit.register(id, signedBy(deviceName, named, used));
        }
        // A DeviceToken is sent as it is; only a DeviceSecret signs.
        if (mode === 'register') await unit.connect(`connects-${signMethod}`, { signMethod });
      }
      await guard.post('alive');
    },
    checks: [
      ...SIGN_METHODS.map((attempt) => ({ id: attempt, rule: 'RULE-01', oracle: 'issued', on: { attempt } }) as const),
      ...CROSSED.map(
        ({ named, id }) =>
          ({
            id,
            rule: 'RULE-01',
            oracle: 'refused',
            on: { attempt: id, control: named, alive: 'alive', code: CONNACK.credentials },
          }) as const,
      ),
      ...(mode === 'register' ? SIGN_METHODS : []).map(
        (method) => ({ id: `connects-${method}`, rule: 'RULE-18', oracle: 'accepted', on: { attempt: `connects-${method}` } }) as const,
      ),
    ],
  });
}
