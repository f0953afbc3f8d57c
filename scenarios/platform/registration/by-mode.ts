// What a case that exists in both modes says of the mode it is about.
import type { Drive } from '../../engine/case.ts';

export type Mode = 'register' | 'regnwl';

/** Profile of a mode, which is also the folder of its cases. */
export const PROFILE = { register: 'prereg', regnwl: 'nwl' } as const;

export const MODE_EN = { register: 'pre-registration', regnwl: 'preregistration-free' } as const;
export const MODE_ZH = { register: '预注册', regnwl: '免预注册' } as const;

/** A DeviceName of the mode: added beforehand, or any. */
export function nameFor(t: Drive, mode: Mode, label: string): Promise<string> {
  return mode === 'register' ? t.added(label) : Promise.resolve(t.name(label));
}
