/** Rows of the data set that training never saw, as `models/breast-cancer/held-out.json` has them. */
export interface HeldOut {
  /** Of the columns. */
  readonly names: readonly string[];
  readonly rows: readonly HeldOutRow[];
}

export interface HeldOutRow {
  /** Of the whole data set. */
  readonly index: number;
  readonly label: string;
  readonly values: readonly number[];
}

export interface RecordSample {
  /** "Benign, small and even" */
  readonly name: string;
  readonly row: HeldOutRow;
}

/**
 * The first row of each kind. A kind is what the data set says of a row, with its size by mean radius and its outline by
 * mean concavity, each against the median of all rows.
 */
export function samplesOf({ names, rows }: HeldOut): RecordSample[] {
  const isLarge = isAboveMedian(rows, names.indexOf('mean radius'));
  const isDented = isAboveMedian(rows, names.indexOf('mean concavity'));
  const byName = new Map<string, { rank: number; row: HeldOutRow }>();
  for (const row of rows) {
    const [large, dented] = [isLarge(row), isDented(row)];
    const label = row.label.charAt(0).toUpperCase() + row.label.slice(1);
    const name = `${label}, ${large ? 'large' : 'small'} and ${dented ? 'dented' : 'even'}`;
    if (!byName.has(name)) byName.set(name, { rank: 2 * Number(large) + Number(dented), row });
  }
  return [...byName]
    .sort(([, a], [, b]) => a.row.label.localeCompare(b.row.label) || a.rank - b.rank)
    .map(([name, { row }]) => ({ name, row }));
}

function isAboveMedian(rows: readonly HeldOutRow[], column: number): (row: HeldOutRow) => boolean {
  const measured = (row: HeldOutRow | undefined) => row?.values[column] ?? 0;
  const sorted = rows.map(measured).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return (row) => measured(row) >= median;
}
