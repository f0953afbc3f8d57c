// Which device of the grid is selected, and whether its panel is open.
class Selection {
  index: number | null = $state(null);
  open = $state(false);
  /** Gets the focus back when the panel closes. */
  origin: HTMLElement | null = null;

  show(index: number, origin: HTMLElement | null = null): void {
    this.index = index;
    this.open = true;
    if (origin) this.origin = origin;
  }

  close(): void {
    this.open = false;
    this.origin?.focus();
  }
}

export const selection = new Selection();
