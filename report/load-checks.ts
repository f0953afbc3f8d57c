// What a fleet's run is judged by: its thresholds, the account of its devices, and whether its figures can be believed at all.
import type { Said } from '../scenarios/judge/verdict.ts';
import type { Ending } from '../worker/fleet/fleet.ts';
import type { LoadFigures } from './load.ts';

export interface LoadCheck {
  /** The threshold as it was written, or the name of what every run is asked. */
  readonly id: string;
  readonly kind: 'threshold' | 'account' | 'validity';
  /** `error`: the run does not say, or cannot be believed. */
  readonly verdict: 'pass' | 'fail' | 'error';
  readonly because: string;
  readonly zh: { readonly because: string };
  /** What was measured, in the unit of the threshold: milliseconds, a number, or a share. */
  readonly measured: number | null;
}

/** How a device may end that is not activated. */
const OTHERWISE = ['refused', 'failed', 'local', 'aborted'] as const;

/** Counts that a run would have raised if it had gone on. */
const STILL_GROWING = /\b(activated|answered|published|achieved|reconnected)\b/;

/** Thresholds first, in the order of the plan. */
export function loadChecks(load: LoadFigures): LoadCheck[] {
  const thresholds = load.thresholds ?? [];
  const checks = thresholds.map(({ text, ok, actual, tooFew }) => {
    const shown = actual === null ? '' : figure(actual);
    if (ok === false && load.stopped === 'interrupted' && STILL_GROWING.test(text))
      return check('threshold', text, 'error', actual, {
        en: `${text}: measured ${shown} when the run was interrupted`,
        'zh-CN': `${text}：运行被中断时为 ${shown}`,
      });
    if (ok === null && tooFew) return check('threshold', text, 'error', actual, tooFewFor(text, tooFew));
    if (ok === null)
      return check('threshold', text, 'error', actual, { en: `${text}: the run does not say`, 'zh-CN': `${text}：本次运行无法给出结论` });
    return check('threshold', text, ok ? 'pass' : 'fail', actual, {
      en: `${text}: measured ${shown}`,
      'zh-CN': `${text}：实测 ${shown}`,
    });
  });
  checks.push(...accountOf(load), ...countOf(load), ...workersOf(load));
  // Whether the figures can be believed is asked only where something rests on them: without a threshold on them, the account decides alone.
  if (load.validity.ok || thresholds.some(({ ok }) => ok === null)) checks.push(validityOf(load));
  if (load.stopped === 'interrupted')
    checks.push(
      check('validity', 'completeness', 'error', null, { en: 'the run was interrupted before its end', 'zh-CN': '运行在结束前被中断' }),
    );
  return checks;
}

function check(kind: LoadCheck['kind'], id: string, verdict: LoadCheck['verdict'], measured: number | null, said: Said): LoadCheck {
  return { id, kind, verdict, measured, because: said.en, zh: { because: said['zh-CN'] } };
}

/**
 * No device may end in a way that no threshold speaks of; one of `activated` speaks of all. What this machine had no room for, and what a
 * person called off, is nobody's failure: it leaves open what the platform would have done. A plan that ends a run by its own conditions has
 * given the platform time enough.
 */
function accountOf(load: LoadFigures): LoadCheck[] {
  const { devices, activated, refused, failed, local, aborted, thresholds = [], stopped } = load;
  const speaksOf = (name: string): boolean => thresholds.some(({ text }) => new RegExp(`\\b${name}\\b`).test(text));
  if (speaksOf('activated')) return [];
  const unspoken = OTHERWISE.filter((name) => !speaksOf(name));
  if (unspoken.length === 0) return [];
  const among = (names: readonly (typeof OTHERWISE)[number][]): number =>
    names.reduce((sum, name) => sum + (unspoken.includes(name) ? load[name] : 0), 0);
  const missed = among(stopped === 'interrupted' ? ['refused', 'failed'] : ['refused', 'failed', 'aborted']);
  const verdict = missed > 0 ? 'fail' : among(OTHERWISE) > 0 ? 'error' : 'pass';
  const id = unspoken.length === OTHERWISE.length ? 'activated == devices' : unspoken.map((name) => `${name} == 0`).join(', ');
  const more = notThePlatform(load);
  return [
    check('account', id, verdict, activated, {
      en: `${activated} of ${devices} devices were activated; ${refused} refused, ${failed} failed, ${local} local, ${aborted} aborted${more.en}`,
      'zh-CN': `${devices} 台设备中 ${activated} 台已激活；${refused} 台被拒绝，${failed} 台失败，${local} 台受本机限制，${aborted} 台中止${more['zh-CN']}`,
    }),
  ];
}

/**
 * The platform's own count beside ours. A device that ended otherwise may have been activated all the same: it was called off, or broken by
 * its own network, or by the platform, after the platform had accepted it. What is outside of that is a fault of ours.
 */
export function isMiscounted(load: Pick<LoadFigures, Ending | 'platform'>): boolean {
  const { platform, activated, refused, failed, local, aborted } = load;
  if (!platform) return false;
  return platform.activated < activated || platform.activated > activated + refused + failed + local + aborted;
}

function countOf(load: LoadFigures): LoadCheck[] {
  const { activated, platform, uncounted } = load;
  if (uncounted !== undefined)
    return [
      check('account', 'platform count', 'error', null, {
        en: `the platform's own count could not be taken: ${uncounted}`,
        'zh-CN': `无法取得平台自身的计数，原因见英文：${uncounted}`,
      }),
    ];
  if (!platform || !isMiscounted(load)) return [];
  return [
    check('account', 'platform count', 'error', platform.activated, {
      en: `${activated} devices say they were activated, the platform counts ${platform.activated}: a fault of Muster`,
      'zh-CN': `${activated} 台设备报告已激活，平台计数为 ${platform.activated}：属于 Muster 自身的错误`,
    }),
  ];
}

function workersOf({ workersLost = [] }: LoadFigures): LoadCheck[] {
  if (workersLost.length === 0) return [];
  const units = workersLost.reduce((sum, one) => sum + one.units, 0);
  return [
    check('validity', 'workers', 'error', workersLost.length, {
      en: `${workersLost.length === 1 ? 'a worker' : `${workersLost.length} workers`} died in mid-run, with ${units} devices that had not ended: a fault of Muster`,
      'zh-CN': `${workersLost.length} 个工作线程中途退出，${units} 台设备尚未结束：属于 Muster 自身的错误`,
    }),
  ];
}

/** Attempts that went wrong, and perhaps not by the platform's fault. */
function notThePlatform({ ownFaults = 0, throttledProbable = 0 }: LoadFigures): Said {
  const parts: Said[] = [
    ...(ownFaults > 0
      ? [{ en: `${ownFaults} attempts were broken by the plan's own bad network`, 'zh-CN': `${ownFaults} 次尝试由计划自身的网络故障中断` }]
      : []),
    ...(throttledProbable > 0
      ? [
          {
            en: `${throttledProbable} connections were closed while the fleet was over a limit of the target`,
            'zh-CN': `${throttledProbable} 个连接在设备群超过目标限额时被关闭`,
          },
        ]
      : []),
  ];
  return { en: parts.map(({ en }) => `; ${en}`).join(''), 'zh-CN': parts.map((one) => `；${one['zh-CN']}`).join('') };
}

function tooFewFor(text: string, { had, needed }: { readonly had: number; readonly needed: number }): Said {
  return {
    en: `${text}: not judged: this percentile takes ${needed} samples, and there were ${had}`,
    'zh-CN': `${text}：不予判定：该百分位至少需要 ${needed} 个样本，实际只有 ${had} 个`,
  };
}

function validityOf({ validity }: LoadFigures): LoadCheck {
  const said: Said = validity.ok
    ? { en: 'the load was offered as planned', 'zh-CN': '负载按计划施加' }
    : {
        en: `the figures cannot be believed: ${validity.reasons.join('; ')}`,
        'zh-CN': `数据不可信：${validity.reasons.map((reason) => reasonSaid(reason)['zh-CN']).join('；')}`,
      };
  return check('validity', 'validity', validity.ok ? 'pass' : 'error', null, said);
}

/** Reasons of a fleet's validity, which are stored in English, and how a Chinese sentence says them. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^scheduler lag p99 was (\d+) ms, more than (\d+) ms$/, '调度延迟 p99 为 $1 毫秒，超过 $2 毫秒'],
  [
    /^scheduler lag p99 of posts, reconnects and pauses was (\d+) ms, more than (\d+) ms$/,
    '上报、重连与停顿的调度延迟 p99 为 $1 毫秒，超过 $2 毫秒',
  ],
  [/^(\d+) of (\d+) arrivals a second were achieved, less than (\d+) %$/, '计划每秒到达 $2，实际 $1，低于 $3 %'],
  [/^(\d+) attempts that nobody answered may be this machine's own doing$/, '$1 次无应答可能由本机自身造成'],
  [/^(\d+) attempts failed on this machine's own limits$/, '$1 次尝试受本机资源限制而失败'],
  [/^a worker died in mid-run$/, '一个工作线程中途退出'],
  [/^(\d+) workers died in mid-run$/, '$1 个工作线程中途退出'],
];

/** A reason in both languages; of one that is not known, the English words are quoted. */
export function reasonSaid(reason: string): Said {
  const known = REASONS.find(([pattern]) => pattern.test(reason));
  return { en: reason, 'zh-CN': known ? reason.replace(known[0], known[1]) : `原因见英文：${reason}` };
}

/** What ended a run before its time, which is stored in English. */
const STOPS: readonly (readonly [RegExp, string])[] = [
  [/^interrupted$/, '人工中断'],
  [/^([\d.]+) s are over$/, '已满 $1 秒'],
  [/^(\w+) reached (\d+)$/, '$1 达到 $2'],
];

/** The same in both languages; of one that is not known, the English words are quoted. */
export function stopSaid(stopped: string): Said {
  const known = STOPS.find(([pattern]) => pattern.test(stopped));
  return { en: stopped, 'zh-CN': known ? stopped.replace(known[0], known[1]) : `原因见英文：${stopped}` };
}

/** A figure with as many digits as it is worth. */
export function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1);
}
