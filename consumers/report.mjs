/** What a first visit may fetch until its first result, bytes: the library, one runtime on wasm, and the digits model. */
const FIRST_RESULT_BYTES = 435_000;

const COLUMNS = [
  ['tool', ({ name }) => name],
  ['works', ({ works }) => (works ? '✓' : '✗')],
  ['settings', ({ settings }) => `${settings}`],
  ['first result', ({ figures }) => count(figures.firstResultBytes)],
  ['build', ({ figures }) => count(figures.buildBytes)],
  ['largest file', ({ figures }) => count(figures.largestFileBytes)],
  ['seconds', ({ seconds }) => seconds.toFixed(0)],
  ['the line', ({ line }) => line || 'none'],
];

/**
 * @param {import('./run-lane.mjs').LaneResult[]} results
 * @returns {{ name: string, value: number, target: number, ok: boolean }[]}
 */
export function metricsOf(results) {
  const working = results.filter(({ works }) => works).length;
  const settings = Math.max(...results.map((result) => result.settings));
  const bytes = Math.max(0, ...results.map(({ figures }) => figures.firstResultBytes ?? 0));
  return [
    {
      name: 'lanes-working',
      value: working,
      target: results.length,
      ok: working === results.length,
    },
    { name: 'settings-most', value: settings, target: 1, ok: settings <= 1 },
    {
      name: 'first-result-bytes',
      value: bytes,
      target: FIRST_RESULT_BYTES,
      ok: bytes <= FIRST_RESULT_BYTES,
    },
  ];
}

/** @param {import('./run-lane.mjs').LaneResult[]} results @returns {string} all columns in bytes, as wide as they need */
export function tableOf(results) {
  const lines = [
    COLUMNS.map(([title]) => title),
    ...results.map((result) => COLUMNS.map(([, show]) => show(result))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function count(bytes) {
  return bytes === undefined ? '–' : bytes.toLocaleString('en');
}
