// What this browser gives a page: cores for workers, and WebSockets over all of them together.

/** WebSockets of one page over all hosts and workers (measured: Chromium 156, Firefox 153). */
const SOCKETS = { chromium: 255, firefox: 200 } as const;
/** WebSockets a page opens at once: Chromium delays new ones by seconds when 16 are pending (measured). */
const PENDING = 8;
/** WebSockets that a page opens a second to one host, about (measured). */
export const WEBSOCKETS_PER_SECOND = 40;

const FEWEST_WORKERS = 2;
const MOST_WORKERS = 4;

/** Workers for devices: at least two; more where there are cores left beside the page and the platform. */
export function fleetWorkerCount(cores: number = navigator.hardwareConcurrency): number {
  return Math.min(MOST_WORKERS, Math.max(FEWEST_WORKERS, cores - 2));
}

/** One worker's share of the page's sockets. */
export function shareOfSockets(workers: number): { readonly sockets: number; readonly pending: number } {
  const all = /\bFirefox\//.test(navigator.userAgent) ? SOCKETS.firefox : SOCKETS.chromium;
  return { sockets: Math.floor(all / workers), pending: Math.max(1, Math.floor(PENDING / workers)) };
}

/** WebSockets that the workers of a page hold, where the browser had no more for one of them; null where it had. */
export function heldAtCap(workers: readonly { readonly open: number; readonly full: boolean }[]): number | null {
  return workers.some(({ full }) => full) ? workers.reduce((sum, { open }) => sum + open, 0) : null;
}

/** Connections that all devices of a page can hold at once. */
export function connectionsOfPage(): number {
  const workers = fleetWorkerCount();
  return shareOfSockets(workers).sockets * workers;
}
