const SLICE = Object.freeze({
  /** The first slice has so many rows. The next ones have as many as fit the time. */
  rows: 200,
  aimMs: 15,
  maxRows: 5000,
});

/**
 * Forgets rows in slices. Between slices, others have their turn.
 *
 * @param forget forgets so many rows at most, and returns how many there were
 * @param turn resolves when others had theirs: with true to go on
 */
export async function forgetInSlices(
  forget: (rows: number) => number | Promise<number>,
  {
    turn,
    firstRows = SLICE.rows,
  }: { turn: () => Promise<boolean>; firstRows?: number | undefined },
): Promise<void> {
  let rows = firstRows;
  for (;;) {
    const startedMs = performance.now();
    const changes = await forget(rows);
    if (changes < rows) return;
    const tookMs = performance.now() - startedMs;
    rows = Math.ceil(Math.min(SLICE.maxRows, rows * 2, (rows * SLICE.aimMs) / tookMs));
    if (!(await turn())) return;
  }
}
