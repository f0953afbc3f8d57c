// What a firmware does by habit. The reference firmware's habits are right; a wrong firmware replaces one of them.
import type { Credentials, Flash } from './flash.ts';

export interface Habits {
  /** Asked at every boot: register, or connect with what is stored? (DEV-09) */
  readonly needsRegistration: (stored: Credentials | undefined) => boolean;
  /** Keeps what was delivered, before the registration connection ends (DEV-04). */
  readonly store: (flash: Flash, credentials: Credentials) => void;
}

export const HABITS: Habits = {
  needsRegistration: (stored) => stored === undefined,
  store: (flash, credentials) => flash.write(credentials),
};
