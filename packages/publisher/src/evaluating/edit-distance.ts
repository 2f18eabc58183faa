/** Characters that have to be put in, taken away or replaced to make one text the other: Levenshtein's distance. */
export function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 0; i < one.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j += 1) {
      const replaced = (row[j] as number) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min((next[j] as number) + 1, (row[j + 1] as number) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] as number;
}
