import { createHeatMap, lowerMs } from '../charts/heat-map.js';
import { drawnPanel } from '../panel/panel.js';
import { number, text } from '../table/table.js';
import { formatCount, formatDuration, NOTHING_RAN } from '../words/format.js';
import { rangeWords } from '../words/scope.js';

export const heatMapPanel = drawnPanel({
  id: 'heat-map',
  title: 'How long runs take',
  aside: 'share of the runs of each step',
  isWide: true,
  needs: ['spread'],
  gist: ({ columns, rows }) => {
    const runs = columns.map((_, i) =>
      rows.reduce((sum, row) => sum + Number(row[i]?.value ?? 0), 0),
    );
    const most = Math.max(...runs);
    return most > 0 ? `most often ${columns[runs.indexOf(most)]}` : 'no result';
  },
  table: ({ spread: { steps, boundsMs } }) => ({
    columns: [
      'Time',
      ...boundsMs.map(
        (bound, row) => `${formatDuration(lowerMs(boundsMs, row))} to ${formatDuration(bound)}`,
      ),
    ],
    rows: steps.map(({ atMs, counts }) => [
      text(new Date(atMs).toISOString()),
      ...counts.map((n) => number(n, (count) => formatCount(count ?? 0))),
    ]),
    none: NOTHING_RAN,
  }),
  drawing: ({ zoom }) => {
    const map = createHeatMap(zoom);
    return {
      element: map.element,
      show: ({ spread }, { lane, moment }) => map.show(spread, lane, rangeWords(spread, moment)),
    };
  },
});
