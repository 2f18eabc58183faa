/** `142 kB`: three digits are enough to compare by eye. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, sizeBytes)) / 3));
  const value = sizeBytes / 1000 ** power;
  return `${Number(value.toPrecision(3)).toLocaleString('en', { useGrouping: false })} ${units[power]}`;
}

/** `1 file`, `12 files` */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A share of 0 … 1 as `4.2 %`. */
export function formatPercent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `36 hours`, and from two days on `3.5 days`. */
export function formatHours(hours: number): string {
  return hours < 48
    ? formatCount(Math.ceil(hours), 'hour')
    : `${Number((hours / 24).toPrecision(2))} days`;
}

/** What is left to do when a release has changed. */
export const UPLOAD =
  'Next: upload what is new, `timestamp.json` after all but `boot/`, which comes last';
export const NEXT = `${UPLOAD}; then run \`nearside facts\` for the collector.`;

/** Lines of columns, each as wide as its widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** `root 2, targets 5, snapshot 7, timestamp 7` */
export function formatVersions(metadata: Readonly<Record<string, number>>): string {
  return Object.entries(metadata)
    .map((entry) => entry.join(' '))
    .join(', ');
}

/** Says until when devices without a copy can open a repository that nobody renews. */
export function describeFirstVisits({ firstVisitsUntil }: { firstVisitsUntil: string }): string {
  return `New visitors are let in until ${firstVisitsUntil}; \`nearside renew\` moves that on.`;
}
