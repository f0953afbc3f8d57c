// Why a case could not be driven to its end, in both languages. What is thrown has English words only, those of this project or of a library.
import type { Said } from './verdict.ts';

/** Words that are ours, and how a Chinese sentence says them. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/^the platform refused: /, '平台拒绝了管理操作'],
  [/^the operator of the target cannot set properties$/, '目标的管理员无法下发属性设置'],
  [/^the operator API answered (\d+)/, '管理接口返回 $1'],
  [/^the cloud API answered without (\S+)$/, '云端接口的应答缺少 $1'],
  [/^inventory .* has no name left$/, '设备清单中的 DeviceName 已用完'],
  [/^([\w-]+) did not succeed: /, '云端接口 $1 的调用未成功'],
  [/^([\w-]+): .* \([\w.-]+\)$/, '平台拒绝了 $1'],
  [/^the case did not end within (\d+) minutes of virtual time$/, '用例在 $1 分钟的虚拟时间内未结束'],
];

/** The sentence of a fault: the Chinese one quotes the message, which is what somebody will search for. */
export function faultSaid(message: string): Said {
  for (const [pattern, zh] of KNOWN) {
    const [seen] = pattern.exec(message) ?? [];
    if (seen !== undefined) return said(message, `${seen.replace(pattern, zh)}（${message}）`);
  }
  return said(message, message);
}

function said(message: string, zh: string): Said {
  return { en: message, 'zh-CN': `用例未能驱动到底：${zh}` };
}
