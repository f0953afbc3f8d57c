// Lines over the seconds of a run, as inline SVG that is drawn without a script or a style of its own.
import { markup, type Markup } from './markup.ts';

/** One line: a value for each second, null where there is none. */
export interface Line {
  /** Class that gives it its look. */
  readonly look: 'a' | 'b';
  readonly values: readonly (number | null)[];
}

const WIDE = 720;
const HIGH = 120;
/** Above the highest value, for its label: no line runs through it. */
const HEAD = 18;
/** More are not told apart at this width. */
const POINTS_MAX = 720;

/** The largest of what one point of the drawing stands for: a peak must not be lost by drawing it small. */
function thinned(values: readonly (number | null)[]): (number | null)[] {
  const each = Math.ceil(values.length / POINTS_MAX);
  if (each <= 1) return [...values];
  return Array.from({ length: Math.ceil(values.length / each) }, (_, i) =>
    values.slice(i * each, (i + 1) * each).reduce((most, one) => (one === null ? most : Math.max(most ?? one, one)), null),
  );
}

/** The largest value of all lines; 0 where there is none. */
export function highest(lines: readonly Line[]): number {
  return lines.reduce((most, line) => line.values.reduce<number>((top, value) => Math.max(top, value ?? 0), most), 0);
}

/** The lines on one scale that begins at 0. What they are, the words around them say. */
export function chart(lines: readonly Line[], seconds: number): Markup {
  const top = highest(lines) || 1;
  return markup`<svg class="chart" viewBox="0 0 ${WIDE} ${HIGH + 18}" aria-hidden="true"><path class="axis" d="M0 0V${HIGH}H${WIDE}"/>${lines.map(
    (line) => markup`<path class="line line-${line.look}" d="${pathOf(thinned(line.values), top)}"/>`,
  )}<text x="4" y="12">${rounded(top)}</text><text x="4" y="${HIGH + 14}">0 s</text><text class="end" x="${WIDE - 2}" y="${HIGH + 14}">${seconds} s</text></svg>`;
}

function pathOf(values: readonly (number | null)[], top: number): string {
  const step = WIDE / Math.max(1, values.length - 1);
  let pen = 'M';
  return values
    .map((value, i) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const at = `${(i * step).toFixed(1)} ${(HIGH - (value / top) * (HIGH - HEAD)).toFixed(1)}`;
      // A value alone between gaps would be a line of no length.
      const part = pen === 'M' ? `M${at}h0.5` : `L${at}`;
      pen = 'L';
      return part;
    })
    .join('');
}

/** A figure with as many digits as fit a label. */
export function rounded(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}
