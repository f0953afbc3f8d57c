// How a state looks: a mark in a box of 10 by 10, so that it can be told without its colour. One list for the canvas and the legend.
import type { UnitState } from '../../worker/unit/unit.ts';

/** SVG path data, filled by the even-odd rule. */
export const SHAPES: Readonly<Record<UnitState, string>> = {
  // A dot in the middle.
  blank: 'M3.4 3.4h3.2v3.2h-3.2z',
  // Half full.
  registering: 'M0 5h10v5h-10z',
  // A frame.
  provisioned: 'M0 0h10v10h-10zM2.4 2.4v5.2h5.2v-5.2z',
  // A corner.
  connecting: 'M0 0L10 10H0z',
  // Full.
  online: 'M0 0h10v10h-10z',
  // A bar.
  offline: 'M0 3.4h10v3.2h-10z',
  // A cross.
  refused: 'M2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5L0 2z',
  // A triangle.
  failed: 'M5 0L10 10H0z',
};

/** The custom property that holds a state's colour. */
export const colourOf = (state: UnitState): `--state-${UnitState}` => `--state-${state}`;
