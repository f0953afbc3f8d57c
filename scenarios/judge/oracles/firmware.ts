// What a firmware does at a boot, as the platform saw it.
import { loginsOf, type Spans } from '../spans.ts';
import { fail, inconclusive, pass, type Finding } from '../verdict.ts';

export interface BootArgs {
  /** The platform's view of a boot that must register. */
  readonly first: string;
  /** The platform's view of a boot that already has credentials. */
  readonly later: string;
}

function signIns(spans: Spans, name: string): { registrations: number; connects: number } | undefined {
  const span = spans.get(name);
  if (!span) return undefined;
  const logins = loginsOf(span, 'in');
  const registrations = logins.filter(({ login }) => login?.kind === 'register' || login?.kind === 'regnwl').length;
  return { registrations, connects: logins.length - registrations };
}

/** DEV-09: with working credentials it does not register. */
export function registersOnce(spans: Spans, args: BootArgs): Finding {
  const first = signIns(spans, args.first);
  const later = signIns(spans, args.later);
  if (!first || !later) return inconclusive('the case ended before the power cycle', '用例在断电重启之前就已结束');
  if (first.registrations === 0) return inconclusive('the device was never seen to register', '从未看到设备注册');
  return later.registrations > 0
    ? fail(
        `after the power cycle the device registered again (${later.registrations} times)`,
        `断电重启后设备又注册了（${later.registrations} 次）`,
      )
    : pass('after the power cycle the device did not register', '断电重启后设备没有注册');
}

/** DEV-04: what was delivered is still there after a power cycle, and works. */
export function keepsCredentials(spans: Spans, args: BootArgs & { readonly online: string }): Finding {
  const first = signIns(spans, args.first);
  const later = signIns(spans, args.later);
  if (!first || !later) return inconclusive('the case ended before the power cycle', '用例在断电重启之前就已结束');
  if (first.connects === 0)
    return fail('the device registered but never connected with what it was issued', '设备注册了，却从未用所获凭据连接');
  // It connects with what it was just given: nothing shows whether it had kept what it was given before (DEV-09 says what is wrong).
  if (later.registrations > 0)
    return inconclusive('after the power cycle the device registered again before it connected', '断电重启后设备先再次注册才连接');
  if (later.connects === 0)
    return fail('after the power cycle the device did not connect with stored credentials', '断电重启后设备没有用已存凭据连接');
  return spans.get(args.online)?.facts['online'] === true
    ? pass('after the power cycle the device came online with what it had stored', '断电重启后设备用已存凭据上线')
    : fail('after the power cycle the device did not come online', '断电重启后设备没有上线');
}
