// One command of a sequence: done to the model and to the platform, which have to agree on the answer, on the connections that end, and on
// all that can be seen afterwards.
import type fc from 'fast-check';
import type { Closing, Model } from './model.ts';
import { compareClosings, compareState, same, type Real } from './real.ts';

export type Step = fc.Command<Model, Real>;

/** What a command did by the model's account. One that was refused changed nothing, nor one that asked for what is so already. */
export interface Did {
  readonly changed: boolean;
  readonly closings?: readonly Closing[];
}

export const REFUSED: Did = { changed: false };
export const CHANGED: Did = { changed: true };

/** Does it, and compares what is left. */
export function carryOut(model: Model, real: Real, act: () => Did): void {
  const before = real.memory();
  const { changed, closings = [] } = act();
  compareClosings(closings, real.takeEnded());
  compareState(model, real);
  if (!changed) same('what it remembers after a request that changes nothing', real.memory(), before);
}

export function step<P>(
  label: string,
  wish: P,
  act: (wish: P, model: Model, real: Real) => Did,
  ready?: (wish: P, model: Model) => boolean,
): Step {
  return {
    check: (model) => ready?.(wish, model as Model) ?? true,
    run: (model, real) => carryOut(model, real, () => act(wish, model, real)),
    toString: () => `${label}(${JSON.stringify(wish)})`,
  };
}

/** One of `list`, or nothing where there is none. */
export const choose = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];

/** Time passes; what ends meanwhile is the model's to judge. */
export function passes(ms: number, model: Model, real: Real): Did {
  real.clock.advance(ms);
  model.elapsed(real.clock.now(), real.takeEnded());
  return CHANGED;
}
