/**
 * The largest distance of `ratio` from the share of bytes that had arrived, from the call of `open` to its answer.
 *
 * @param {import('../runtime/slow-link.mjs').Transfer[]} transfers
 * @param {import('./visits.mjs').Visit} visit
 */
export function progressError(transfers, { timeOrigin, startMs, openedMs, progress }) {
  const [from, to] = [timeOrigin + startMs, timeOrigin + openedMs];
  const pieces = transfers
    .filter(({ askedMs }) => askedMs >= from && askedMs < to)
    .flatMap(({ pieces }) => pieces);
  const totalBytes = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const told = progress.map(({ atMs, ratio }) => ({ atMs: timeOrigin + atMs, ratio }));
  let [arrivedBytes, ratio, error] = [0, 0, 0];
  for (const one of [...pieces, ...told].sort((a, b) => a.atMs - b.atMs)) {
    if (one.bytes) arrivedBytes += one.bytes;
    else ratio = one.ratio;
    error = Math.max(error, Math.abs(ratio - arrivedBytes / totalBytes));
  }
  return error;
}
