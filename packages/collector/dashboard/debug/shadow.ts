import { FEWEST_EVENTS } from '../../src/statistics/figure.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, number, text } from '../table/table.js';
import {
  formatCount,
  formatDuration,
  formatPoints,
  formatRate,
  formatShare,
} from '../words/format.js';
import { agreementCell, joinedBins } from '../words/shadows.js';

const count = (value: number | null | undefined) => formatCount(value ?? 0);

const NOTE =
  'Agree: both decided the same. Confidence is that of the version that answered. Agreement is not accuracy: where they ' +
  'differ, either may be right.';

/** Shows how often a version that runs beside decides as the one that answers, and how sure that one was. */
export const shadowPanel = tablePanel({
  id: 'shadow',
  title: 'Shadow',
  aside: 'a version that runs beside the one that answers',
  isWide: true,
  needs: ['faults'],
  table: ({ faults: { shadow } }) => ({
    columns: ['Version', 'Inputs', 'Agree', 'Takes longer by', 'Fails more by'],
    rows: shadow.flatMap((one): Cell[][] => [
      [
        text(one.candidate),
        number(one.n, count),
        agreementCell(one),
        number(one.latencyDifferenceMs, formatDifference),
        number(one.errorDifference, formatPoints),
      ],
      ...joinedBins(one.bins).map(({ from, to, n, agreement }) => [
        text(`where the answer was ${formatShare(from)} to ${formatShare(to)} sure`, {
          tone: 'quiet',
        }),
        number(n, count),
        number(agreement, formatRate, { ...(n < FEWEST_EVENTS && { isThin: true }) }),
        text(''),
        text(''),
      ]),
    ]),
    none: 'No version ran beside the one that answers in this time. `nearside publish <model> --shadow 5` starts one.',
    filledBy: 'needs publish --shadow',
    note: NOTE,
  }),
});

function formatDifference(ms: number | null | undefined): string {
  const value = ms ?? 0;
  return `${value < 0 ? '−' : '+'}${formatDuration(Math.abs(value))}`;
}
