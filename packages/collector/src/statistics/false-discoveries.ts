/**
 * Rejects null hypotheses so that at most a share `level` of the rejections is expected to be false. Tests are
 * independent or depend positively (Benjamini and Hochberg 1995).
 */
export function rejected(pValues: readonly number[], level: number): boolean[] {
  const sorted = [...pValues].sort((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (level * (i + 1)) / sorted.length);
  const bound = sorted[last];
  return pValues.map((p) => bound !== undefined && p <= bound);
}
