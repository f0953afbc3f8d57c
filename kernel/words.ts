// The word that somebody meant who wrote another.

/** Words further from it than this are other words, not mistypings. */
const FAR = 3;

/** The known word that is nearest to `word`, if any is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const best = known.map((one) => ({ one, far: distance(word.toLowerCase(), one.toLowerCase()) })).sort((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.min(FAR, Math.max(1, Math.floor(word.length / 2))) ? best.one : undefined;
}

/** Letters to change, add or leave out, or neighbours to exchange, so that one word is the other (Levenshtein, Damerau). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
