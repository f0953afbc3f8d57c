// When units are due: an absolute schedule, so that a slow answer delays nobody (open model).

/** Offset of the `index`-th arrival at a constant rate (per second), milliseconds after the start. */
export function arrivalOffset(rate: number, index: number): number {
  return (index * 1000) / rate;
}
