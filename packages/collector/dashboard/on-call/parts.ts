import { becameWorse, carriesMore, isChange, isWorse } from '../../src/findings/findings-of.js';
import type { ChangeByPart, FleetParts } from '../../src/fleet/parts.js';
import { type Panel, tablePanel } from '../panel/panel.js';
import { number, type Table, text } from '../table/table.js';
import { formatDuration, formatPoints, formatRate, isolated } from '../words/format.js';

/** Further rows say little, and are left out. So are parts with a smaller share of the runs. */
const MOST_ROWS = 10;
const LEAST_WEIGHT = 0.01;

const DIMENSIONS = {
  device: 'device class',
  backend: 'backend',
  version: 'version',
  library: 'library',
  app: 'app release',
} as const;

type Format = (value: number | null | undefined) => string;

function partsPanel(
  id: keyof Pick<FleetParts, 'failed' | 'time'>,
  about: { title: string; format: Format; formatChange: Format; none: string },
): Panel {
  return tablePanel({
    id: `parts-${id}`,
    title: about.title,
    aside: 'against the period before',
    // one that hardly changed is a line, and no empty card beside a long one
    isWide: true,
    needs: ['parts'],
    table: ({ parts }) => partsTable(parts[id], about),
  });
}

function partsTable(
  { now, before, parts }: ChangeByPart,
  { format, formatChange, none }: { format: Format; formatChange: Format; none: string },
): Table {
  const sentence = (words: string): Table => ({ columns: [], rows: [], none: words });
  if (now === null || before === null) return sentence(none);
  const figures = `${format(before)} before, ${format(now)} now`;
  if (!isChange({ now, before })) return sentence(`Hardly changed: ${figures}.`);
  const isRise = becameWorse({ now, before });
  const whole = `${isRise ? 'Worse' : 'Better'}: ${figures} (${formatChange(now - before)}).`;
  const large = parts.filter(({ weight }) => weight >= LEAST_WEIGHT);
  if (large.length === 0) return sentence(whole);
  return {
    columns: ['Part', 'Now', 'Before', 'Of the runs', isRise ? 'Of the rise' : 'Of the fall'],
    rows: [
      [text(whole, { tone: isRise ? 'alarm' : 'quiet' })],
      ...large.slice(0, MOST_ROWS).map((part) => [
        text(isolated(part.value), { aside: DIMENSIONS[part.dimension] }),
        number(part.now, format),
        number(part.before, format),
        number(part.weight, formatRate),
        number(part.share, (share) => `${Math.round((share ?? 0) * 100)}%`, {
          ...(isRise && isWorse(part) && carriesMore(part) && { tone: 'alarm' as const }),
        }),
      ]),
    ],
    asideName: 'Dimension',
    none: '',
    note: isRise ? 'A part with more of the rise than of the runs explains it.' : undefined,
  };
}

export const failedPartsPanel = partsPanel('failed', {
  title: 'Where failures changed',
  format: formatRate,
  formatChange: formatPoints,
  none: 'Nothing ran in the period before.',
});

export const timePartsPanel = partsPanel('time', {
  title: 'Where time changed',
  format: formatDuration,
  formatChange: (ms) =>
    `${(ms ?? 0) < 0 ? '−' : '+'}${formatDuration(Math.abs(ms ?? 0))} on average`,
  none: 'Nothing ran in the period before.',
});
