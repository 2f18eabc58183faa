import { carriesMore, isChange } from '../../src/findings/findings.js';
import type { ChangeByPart, FleetParts } from '../../src/fleet/parts.js';
import { type Panel, tablePanel } from '../panel/panel.js';
import { number, type Table, text } from '../table/table.js';
import { formatDuration, formatPoints, formatRate } from '../words/format.js';

/** Further rows say little, and are left out. */
const MOST_ROWS = 10;

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
    needs: ['parts'],
    table: ({ parts }) => partsTable(parts[id], about),
  });
}

function partsTable(
  { now, before, parts }: ChangeByPart,
  { format, formatChange, none }: { format: Format; formatChange: Format; none: string },
): Table {
  if (now === null || before === null) {
    return { columns: [], rows: [], none };
  }
  if (!isChange({ now, before })) {
    return {
      columns: [],
      rows: [],
      none: `Hardly changed: ${format(before)} before, ${format(now)} now.`,
    };
  }
  return {
    columns: ['Part', 'Now', 'Before', 'Of the runs', 'Of the change'],
    rows: parts.slice(0, MOST_ROWS).map((part) => [
      text(part.value, { aside: DIMENSIONS[part.dimension] }),
      number(part.now, format),
      number(part.before, format),
      number(part.weight, formatRate),
      number(part.share, (share) => `${Math.round((share ?? 0) * 100)}%`, {
        ...(carriesMore(part) && { tone: 'alarm' as const }),
      }),
    ]),
    asideName: 'Dimension',
    none: 'No part has enough devices.',
    note:
      `In all ${format(before)} before, ${format(now)} now (${formatChange(now - before)}). ` +
      'A part with more of the change than of the runs explains it.',
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
