// What a run was at, in both languages. A target is called as its file calls it; two have no file, and the command names them in English.
import type { Said } from '../scenarios/judge/verdict.ts';

const OURS: ReadonlyMap<string, string> = new Map([
  ['the embedded stub', '内置仿真平台'],
  ['the reference device', '参考设备'],
]);

/** The name of a target or a subject, as a report shows it. */
export function nameSaid(name: string): Said {
  return { en: name, 'zh-CN': OURS.get(name) ?? name };
}
