// The grid of devices as geometry and as paint. No state of a run is kept here beyond what is on the canvas.
import { UNIT_STATES } from '../../worker/fleet/fleet.ts';
import { colourOf, SHAPES } from './shapes.ts';

export interface Layout {
  readonly count: number;
  readonly columns: number;
  readonly rows: number;
  /** Pitch of the cells, CSS pixels. */
  readonly pitch: number;
  readonly width: number;
  readonly height: number;
}

/** Smaller marks cannot be told apart, larger ones look coarse; CSS pixels. */
const SMALLEST_PITCH = 5;
const LARGEST_PITCH = 18;

/** The largest cells with which `count` fit into a box; taller than the box where even the smallest do not fit. */
export function layOut(count: number, width: number, height: number): Layout {
  for (let pitch = LARGEST_PITCH; ; pitch--) {
    const columns = Math.max(1, Math.floor(width / pitch));
    const rows = Math.ceil(count / columns);
    if (rows * pitch <= height || pitch === SMALLEST_PITCH)
      return { count, columns, rows, pitch, width: columns * pitch, height: rows * pitch };
  }
}

/** The device at a place of the grid, CSS pixels; undefined beside them. */
export function deviceAt({ count, columns, pitch }: Layout, x: number, y: number): number | undefined {
  const column = Math.floor(x / pitch);
  const index = Math.floor(y / pitch) * columns + column;
  return column >= 0 && column < columns && index >= 0 && index < count ? index : undefined;
}

/** Where a key moves the selection; undefined for a key that does not. */
export function moved(layout: Layout, from: number, key: string): number | undefined {
  const { count, columns } = layout;
  const page = columns * 10;
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -page,
    PageDown: page,
    Home: -from,
    End: count - 1 - from,
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  const to = from + step;
  // Up and down keep their column; the ends hold.
  if (Math.abs(step) > 1 && key !== 'Home' && key !== 'End' && (to < 0 || to >= count)) return from;
  return Math.min(count - 1, Math.max(0, to));
}

/** Paints cells from marks that are drawn once per size and theme. */
export class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #layout: Layout;
  readonly #ratio: number;
  readonly #marks: readonly HTMLCanvasElement[];
  #painted: Uint8Array | undefined;

  /**
   * @param ratio device pixels per CSS pixel
   * @param colour what a custom property means in the present theme
   */
  constructor(canvas: HTMLCanvasElement, layout: Layout, ratio: number, colour: (property: string) => string) {
    canvas.width = Math.round(layout.width * ratio);
    canvas.height = Math.round(layout.height * ratio);
    const context = canvas.getContext('2d');
    if (!context) throw new Error('this browser gives no canvas');
    this.#context = context;
    this.#layout = layout;
    this.#ratio = ratio;
    // A gap of a sixth, of whole device pixels, so that marks stay sharp.
    const size = Math.max(3, Math.round(layout.pitch * ratio) - Math.max(1, Math.round((layout.pitch * ratio) / 6)));
    this.#marks = UNIT_STATES.map((state) => mark(size, SHAPES[state], colour(colourOf(state))));
  }

  /** Paints what has changed since the last call. */
  paint(states: Uint8Array): void {
    const { columns, pitch, count } = this.#layout;
    const step = pitch * this.#ratio;
    const before = this.#painted;
    for (let index = 0; index < count; index++) {
      const state = states[index] ?? 0;
      if (before && before[index] === state) continue;
      const x = Math.round((index % columns) * step);
      const y = Math.round(Math.floor(index / columns) * step);
      const image = this.#marks[state];
      if (!image) continue;
      this.#context.clearRect(x, y, image.width, image.height);
      this.#context.drawImage(image, x, y);
    }
    this.#painted = states;
  }
}

function mark(size: number, shape: string, colour: string): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext('2d');
  if (context) {
    context.scale(size / 10, size / 10);
    context.fillStyle = colour;
    context.fill(new Path2D(shape), 'evenodd');
  }
  return canvas;
}
