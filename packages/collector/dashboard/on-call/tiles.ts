import type { Figures } from '../../src/fleet/latency.js';
import { answered } from '../asking/ask.js';
import { element } from '../element.js';
import { drawnPanel, type PanelContext } from '../panel/panel.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import {
  countWords,
  formatCompact,
  formatDuration,
  formatRate,
  NOTHING,
  NOTHING_RAN,
} from '../words/format.js';
import { chosenFigures } from '../words/scope.js';

interface Tile {
  readonly name: string;
  readonly of: (figures: Figures) => number | null | undefined;
  /** Says how many runs or opens the figure is made of. */
  readonly sample?: (figures: Figures) => string;
  readonly format: (value: number | null | undefined) => string;
}

const compact = (value: number | null | undefined) =>
  value === null || value === undefined ? NOTHING : formatCompact(value);

const TILES: readonly Tile[] = [
  { name: 'Runs', of: ({ count }) => count, format: compact },
  { name: 'Success', of: ({ successRate }) => successRate, format: formatRate, sample: ofRuns },
  { name: 'P50', of: ({ p50Ms }) => p50Ms, format: formatDuration, sample: ofRuns },
  { name: 'P95', of: ({ p95Ms }) => p95Ms, format: formatDuration, sample: ofRuns },
  { name: 'P99', of: ({ p99Ms }) => p99Ms, format: formatDuration, sample: ofRuns },
  { name: 'Queue P95', of: ({ stages }) => stages.queue?.p95Ms, format: formatDuration },
  { name: 'From the cache', of: fromCache, format: formatRate, sample: ofOpens },
  { name: 'Devices', of: ({ devices }) => devices, format: compact },
];

/** Share of opens whose bytes were on the device. */
function fromCache({ opens: { store, network } }: Figures): number | null {
  return store + network === 0 ? null : store / (store + network);
}

function ofRuns({ count }: Figures): string {
  return `of ${countWords(count, 'runs')}`;
}

function ofOpens({ opens: { store, network } }: Figures): string {
  return `of ${countWords(store + network, 'opens')}`;
}

/** Shows the figures on top, each beside the period and the version before. */
export const tilesPanel = drawnPanel({
  id: 'figures',
  title: 'Figures',
  isWide: true,
  needs: ['latency'],
  table: ({ latency }, context) => tilesTable(chosenFigures(latency), context),
  drawing: () => {
    const list = element('dl', { class: 'tiles' });
    return {
      element: list,
      show({ latency }, context) {
        const { columns, rows } = tilesTable(chosenFigures(latency), context);
        list.replaceChildren(...rows.map((cells) => tileElement(cells, columns)));
      },
    };
  },
});

function tilesTable(now: Figures, { answers, moment }: PanelContext): Table {
  const earlier = answered(answers, 'latencyBefore');
  const versionBefore = answered(answers, 'latencyVersionBefore');
  const columns = ['Figure', 'Now', 'Before'];
  if (moment.versionBefore) columns.push(moment.versionBefore);
  const rows = TILES.map(({ name, of, format, sample }): Cell[] => {
    const cells = [
      text(name),
      number(of(now), format, sample && { detail: sample(now) }),
      number(earlier && earlier.total.reports > 0 ? of(chosenFigures(earlier)) : null, format),
    ];
    if (moment.versionBefore) {
      cells.push(number(versionBefore && of(chosenFigures(versionBefore)), format));
    }
    return cells;
  });
  return { columns, rows, none: NOTHING_RAN };
}

function tileElement(
  [name, now, ...others]: readonly Cell[],
  columns: readonly string[],
): HTMLElement {
  return element(
    'div',
    { 'data-testid': `tile-${name?.text.toLowerCase().replaceAll(' ', '-')}` },
    element('dt', {}, name?.text ?? ''),
    element('dd', { class: 'value' }, now?.text ?? NOTHING),
    ...(now?.detail ? [element('dd', { class: 'detail' }, now.detail)] : []),
    ...others.flatMap((cell, i) =>
      cell.value === null
        ? []
        : element('dd', { class: 'note' }, `${columns[i + 2]?.toLowerCase()} ${cell.text}`),
    ),
  );
}
