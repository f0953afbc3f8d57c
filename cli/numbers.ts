// Numbers as users type them.
import { InvalidArgumentError } from 'commander';

const DECIMAL = /^\d+(\.\d+)?$/;

/** A commander parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** A commander parser of numbers above 0, up to `max`. */
export function positiveNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!DECIMAL.test(text) || value <= 0 || value > max) throw new InvalidArgumentError(`Give a number above 0, at most ${max}.`);
    return value;
  };
}

/** A commander parser of seconds, 0 included. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || value > 86_400) throw new InvalidArgumentError('Give seconds, from 0 to 86400.');
  return value;
}
