/**
 * Formats a share, from 0 to 1, as percent: "97.3%", with two decimals near either end. One that is neither none nor all is
 * never rounded to either: "<0.01%", ">99.99%".
 */
export function formatPercent(share: number): string {
  const percent = 100 * share;
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent > 99.99) return '>99.99%';
  if (percent < 0.01) return '<0.01%';
  return `${percent.toFixed(percent >= 99 || percent < 1 ? 2 : 1)}%`;
}
