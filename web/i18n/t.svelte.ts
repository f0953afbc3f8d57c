// The words of the page in the language that was chosen, with values put in their places.
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

export type Key = keyof typeof en;
export type Language = 'en' | 'zh-CN';

export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', 'zh-CN': '中文' };
const MESSAGES: Readonly<Record<Language, Readonly<Record<Key, string>>>> = { en, 'zh-CN': zhCN };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const chosen = $state<{ language: Language }>({ language: navigator.language.startsWith('zh') ? 'zh-CN' : 'en' });

export function language(): Language {
  return chosen.language;
}

export function speak(next: Language): void {
  chosen.language = next;
}

/** A message; `{name}` in it becomes `values.name`. */
export function t(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return MESSAGES[chosen.language][key].replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** A message in both languages, for what outlives the choice: a report. */
export function both(key: Key): Readonly<Record<Language, string>> {
  return { en: MESSAGES.en[key], 'zh-CN': MESSAGES['zh-CN'][key] };
}

/** A number as the language writes it. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(chosen.language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** Milliseconds for a table: three significant digits are all that the histograms hold. */
export function milliseconds(value: number): string {
  return number(value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** A time for a person who waits: seconds where there are few, then minutes. */
export function duration(ms: number): string {
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (ms < 2 * MINUTE_MS) return t('suite.seconds', { count: number(Math.max(1, Math.ceil(ms / 1_000))) });
  if (ms < 2 * HOUR_MS) return t('suite.minutes', { count: number(minutes) });
  return t('suite.hours', { hours: number(Math.floor(minutes / 60)), minutes: number(minutes % 60) });
}

/** The time of day, to the millisecond. */
export function timeOfDay(at: number, digits: 0 | 3 = 3): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(chosen.language, digits === 3 ? { ...options, fractionalSecondDigits: 3 } : options).format(at);
}

/** Day and time of day, to the second. */
export function dateTime(at: number): string {
  return new Intl.DateTimeFormat(chosen.language, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' }).format(at);
}
