/**
 * Formats a share, from 0 to 1, as percent with one decimal: "97.3%". One that is neither none nor all is never rounded to
 * either: "<0.1%", ">99.9%". All pages write shares in this form.
 */
export function formatPercent(share: number): string {
  const percent = 100 * share;
  if (percent === 0 || percent === 100) return `${percent}%`;
  if (percent < 0.1) return '<0.1%';
  if (percent > 99.9) return '>99.9%';
  return `${percent.toFixed(1)}%`;
}
