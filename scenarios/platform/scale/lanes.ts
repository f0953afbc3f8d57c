// Many units, some of them under way at once.

/** Calls `act` for 1 to `count`, at most `lanes` of them at a time; whoever is free takes the next. */
export async function inLanes(count: number, lanes: number, act: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await act(++next);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
}
