// Files that the page hands to its user. They are made here and go nowhere else.
import { toHex } from '../../kernel/bytes/concat.ts';
import type { UnitDetail } from '../../worker/fleet/fleet.ts';

/** Lets the user save a text. */
export function download(name: string, text: string, type: 'application/json' | 'text/plain' = 'application/json'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by the next task.
  requestAnimationFrame(() => URL.revokeObjectURL(url));
}

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** One value a line. */
export const jsonLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** The evidence of one device, bytes as hex. With its product where the secrets are invented and asked for: signatures can be checked then. */
export function evidenceOf(detail: UnitDetail, product?: { productKey: string; productSecret: string }): string {
  const { index, deviceName, mode, events } = detail;
  const written = events.map((event) => {
    if (!('bytes' in event)) return event;
    const { bytes, ...rest } = event;
    return { ...rest, hex: toHex(bytes) };
  });
  return json({ index, deviceName, mode, ...product, events: written });
}
