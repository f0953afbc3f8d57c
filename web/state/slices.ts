// Long work of the page in slices, so that it answers and paints between them. Not by timers, which a tab that nobody sees has once a second.

/** Well below the 50 ms at which a task counts as long; a step that is begun ends after it. */
const SLICE_MS = 15;

/** Lets the page do what it has waiting. */
export function breath(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Runs steps to their end. */
export async function inSlices<T>(steps: Iterator<unknown, T>): Promise<T> {
  for (let until = performance.now() + SLICE_MS; ;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < until) continue;
    await breath();
    until = performance.now() + SLICE_MS;
  }
}
