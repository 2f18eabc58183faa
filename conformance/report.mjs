import { countCells, OURS } from './compare.mjs';

/**
 * Rows as tables, one for each group, then which tools judged, why some say otherwise, and what
 * none of them was asked.
 *
 * @param {readonly import('./compare.mjs').Row[]} rows
 * @param {readonly Tool[]} tools
 *
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} [version]
 * @property {string} [missing] why it is not there
 */
export function formatReport(rows, tools) {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const { passed, failed } = countCells(rows);
  return [
    ...groups.map((group) => formatTable(group, rows, tools)),
    formatList('Tools', tools.map(describeTool)),
    formatList('* Exceptions', cellsWith(rows, 'exception')),
    formatList('– Not visible', notVisibleOf(rows)),
    formatList('✗ Failures', cellsWith(rows, 'failure')),
    `${passed} passed, ${failed} failed`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Which tools that are not installed would have judged a group. */
const WOULD_JUDGE = {
  metadata: ['python3-tuf', 'openssl'],
  bundle: ['cosign', 'openssl'],
  'written by tuf-js': ['python3-tuf'],
};

function formatTable(group, rows, tools) {
  const members = rows.filter((row) => row.group === group);
  const belongs = ({ name, missing }) =>
    missing
      ? WOULD_JUDGE[group]?.includes(name)
      : members.some((row) => name in row.cells || name in row.notVisible);
  const columns = tools.filter(belongs);
  const lines = members.map((row) => [
    `${Object.values(row.cells).every(({ ok }) => ok) ? '✓' : '✗'} ${row.name}`,
    describeCell(row.cells[OURS], { withReason: true }),
    ...columns.map((tool) => describeColumn(row, tool)),
  ]);
  return align([[group, OURS, ...columns.map(({ name }) => name)], ...lines]);
}

function describeColumn({ cells, notVisible }, { name, missing }) {
  if (cells[name]) return describeCell(cells[name]);
  return missing && !(name in notVisible) ? 'not installed' : '–';
}

function describeCell({ verdict, reason, ok, exception }, { withReason = false } = {}) {
  const mark = ok ? (exception ? ' *' : '') : ' ✗';
  return `${verdict}${withReason && reason ? ` ${reason}` : ''}${mark}`;
}

function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function describeTool({ name, version, missing }) {
  return missing ? `${name}: not installed: ${missing}` : `${name} ${version ?? ''}`.trimEnd();
}

/** Every `exception` or `failure`, each with the case and the tool that it is about. */
function cellsWith(rows, what) {
  return rows.flatMap(({ name, cells }) =>
    Object.entries(cells)
      .filter(([, cell]) => cell[what] !== undefined)
      .map(([tool, cell]) => `${name} · ${tool} says ${cell.verdict}: ${cell[what]}`),
  );
}

/** Each reason once, with how many cases it is about. */
function notVisibleOf(rows) {
  const counts = new Map();
  for (const { notVisible } of rows) {
    for (const reason of Object.values(notVisible)) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  return [...counts].map(([reason, count]) => `${reason} (${count})`);
}

function formatList(title, lines) {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}
