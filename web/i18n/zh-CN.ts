// 页面的中文文字；键与英文相同。
import { en } from './en.ts';

export const zhCN: Record<keyof typeof en, string> = { ...en };
