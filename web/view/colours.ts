// Colours of the theme for what is painted instead of styled: canvases do not read custom properties.

/** What a custom property means in this theme, as a colour that a canvas takes. */
export function colourReader(within: HTMLElement): (property: string) => string {
  const probe = document.createElement('span');
  probe.hidden = true;
  within.append(probe);
  const style = getComputedStyle(probe);
  queueMicrotask(() => probe.remove());
  return (property) => {
    probe.style.color = `var(${property})`;
    return style.color;
  };
}
