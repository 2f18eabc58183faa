import type { FleetObjectives } from '../../src/fleet/objectives.js';
import { answered } from '../asking/answered.js';
import type { Answers } from '../asking/ask.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import { formatCompact, formatDuration, formatLeft, formatRate } from '../words/format.js';
import { type Months, monthBeforeOf } from './months.js';

const compact = (value: number | null | undefined) => formatCompact(value ?? 0);

/** Of the days on which anything ran, those inside both objectives. */
export function daysInside(objectives: FleetObjectives | undefined): number | null {
  if (!objectives || objectives.days.length === 0) return null;
  return objectives.days.filter(({ isMet }) => isMet).length;
}

/** Each beside the month before. */
export function figuresTable(answers: Answers, { now, before }: Months): Table {
  const month = answered(answers, 'month')?.total;
  const seen = monthBeforeOf(answers);
  const objectives = answered(answers, 'monthObjectives');
  const objectivesBefore = seen && answered(answers, 'monthObjectivesBefore');
  const days = (of: FleetObjectives | undefined): Cell => {
    const inside = daysInside(of);
    return number(inside, (value) => `${value} of ${of?.days.length}`);
  };
  return {
    columns: ['', now.name, before.name],
    rows: [
      [
        text('Runs of all devices'),
        number(month?.estimatedCount, compact),
        number(seen?.estimatedCount, compact),
      ],
      [
        text('Devices on the busiest day'),
        number(month?.devices, compact),
        number(seen?.devices, compact),
      ],
      [
        text('Runs that succeed'),
        number(month?.successRate, formatRate),
        number(seen?.successRate, formatRate),
      ],
      [
        text('Half are faster than'),
        number(month?.p50Ms, formatDuration),
        number(seen?.p50Ms, formatDuration),
      ],
      [
        text('95 of 100 are faster than'),
        number(month?.p95Ms, formatDuration),
        number(seen?.p95Ms, formatDuration),
      ],
      [text('Days inside the objectives'), days(objectives), days(objectivesBefore)],
      [
        text('Budget for failures left'),
        number(objectives?.success.left, formatLeft),
        number(objectivesBefore?.success.left, formatLeft),
      ],
      [
        text('Budget for slow runs left'),
        number(objectives?.latency.left, formatLeft),
        number(objectivesBefore?.latency.left, formatLeft),
      ],
    ],
    none: 'Nothing ran in this month.',
  };
}
