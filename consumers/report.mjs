/** @typedef {import('./run-lane.mjs').LaneResult} LaneResult */

/** What each metric may be at most; bytes, where its name says so. */
const LIMITS = {
  'settings-most': 1,
  'first-result-bytes': 435_000, // the library, one runtime on wasm, and the digits model
  'csp-first-result-ratio': 1.02,
  'build-bytes': 22_000_000, // without WebGPU
  'whole-build-bytes': 42_000_000, // with it
  'largest-file-bytes': 26_214_400, // of it; what static hosts take
  'script-tag-bytes': 45_056,
  'script-tag-requests': 10, // before the first result, without the model's
  'pwa-precache-bytes': 6_200_000,
  'component-openings': 1, // for twenty components of one model
  'component-openings-left': 0, // 2 s after all have left
  'quick-start-commands': 3,
  'quick-start-lines': 10,
};

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
 * What the lanes that ran, and the repository, say of the numbers that are promised.
 *
 * @param {LaneResult[]} results
 * @param {Record<string, number>} ofRepository
 * @returns {{ name: string, value: number, target: number, ok: boolean }[]}
 */
export function metricsOf(results, ofRepository) {
  const working = results.filter(({ works }) => works).length;
  const target = results.length;
  return [
    { name: 'lanes-working', value: working, target, ok: working === target },
    ...Object.entries({ ...valuesOf(results), ...ofRepository })
      .filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => ({ name, value, target: LIMITS[name], ok: value <= LIMITS[name] })),
  ];
}

function valuesOf(results) {
  const figuresOf = (name) => results.find((result) => result.name === name)?.figures ?? {};
  const firstBytes = results.map(({ figures }) => figures.firstResultBytes ?? 0);
  const most = (name) => Math.max(...results.map(({ figures }) => figures[name] ?? -1));
  const ofComponents = (name) => (most(name) < 0 ? undefined : most(name));
  const { fetched = [] } = results.find(({ name }) => name === 'script-tag') ?? {};
  const ofLibrary = fetched.filter(({ path }) => path.startsWith('/nearside/'));
  const script = ofLibrary.find(({ path }) => path.endsWith('nearside.global.js'));
  return {
    'settings-most': Math.max(...results.map(({ settings }) => settings)),
    'first-result-bytes': Math.max(...firstBytes) || undefined,
    'csp-first-result-ratio':
      figuresOf('vite-8-policy').firstResultBytes / figuresOf('vite-8').firstResultBytes,
    'build-bytes': figuresOf('vite-8-wasm').buildBytes,
    'whole-build-bytes': figuresOf('vite-8').buildBytes,
    'largest-file-bytes': figuresOf('vite-8').largestFileBytes,
    'component-openings': ofComponents('openings'),
    'component-openings-left': ofComponents('openingsLeft'),
    'script-tag-bytes': script?.bytes,
    'script-tag-requests': script && ofLibrary.length,
  };
}

/** @param {LaneResult[]} results @returns {string} all columns in bytes, as wide as they need */
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
