import type { Deliveries } from '../../src/fleet/deliveries.js';
import type { Figures } from '../../src/fleet/latency.js';
import type { Budget, FleetObjectives } from '../../src/fleet/objectives.js';
import { type Answers, answered } from '../asking/ask.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import {
  formatCompact,
  formatDuration,
  formatLeft,
  formatRate,
  formatSpan,
} from '../words/format.js';
import { type Months, monthBeforeOf } from './months.js';
import { backWords } from './releases-table.js';

type Format = (value: number | null | undefined) => string;

const compact = (value: number | null | undefined) => formatCompact(value ?? 0);

/** Number of the days with runs that were inside both objectives. */
export function daysInside(objectives: FleetObjectives | undefined): number | null {
  if (!objectives || objectives.days.length === 0) return null;
  return objectives.days.filter(({ isMet }) => isMet).length;
}

/** Tells each figure, beside that of the month before where it has data. */
export function figuresTable(answers: Answers, { now, before }: Months): Table {
  const month = answered(answers, 'month')?.total;
  const seen = monthBeforeOf(answers);
  const objectives = answered(answers, 'monthObjectives');
  const objectivesBefore = seen && answered(answers, 'monthObjectivesBefore');
  const figure = (name: string, of: (total: Figures) => number | null, format: Format): Cell[] => [
    text(name),
    number(month && of(month), format),
    ...(seen ? [number(of(seen), format)] : []),
  ];
  const budget = (name: string, of: (objectives: FleetObjectives) => Budget): Cell[] => [
    text(name),
    number(objectives && of(objectives).left, formatLeft),
    ...(seen ? [number(objectivesBefore && of(objectivesBefore).left, formatLeft)] : []),
  ];
  const deliveries = answered(answers, 'monthDeliveries')?.deliveries;
  const deliveriesBefore = seen && answered(answers, 'monthDeliveriesBefore')?.deliveries;
  const delivery = (name: string, of: (deliveries: Deliveries) => Cell): Cell[] => [
    text(name),
    deliveries ? of(deliveries) : number(null, String),
    ...(seen ? [deliveriesBefore ? of(deliveriesBefore) : number(null, String)] : []),
  ];
  return {
    columns: ['', now.name, ...(seen ? [before.name] : [])],
    rows: [
      figure('Runs of all devices', ({ estimatedCount }) => estimatedCount, compact),
      figure('Devices on the busiest day', ({ devices }) => devices, compact),
      figure('Runs that succeed', ({ successRate }) => successRate, formatRate),
      figure('Half are faster than', ({ p50Ms }) => p50Ms, formatDuration),
      figure('95 of 100 are faster than', ({ p95Ms }) => p95Ms, formatDuration),
      [
        text('Days inside the objectives'),
        daysCell(objectives),
        ...(seen ? [daysCell(objectivesBefore)] : []),
      ],
      budget('Budget for failures left', ({ success }) => success),
      budget('Budget for slow runs left', ({ latency }) => latency),
      delivery('Deployments', ({ deployments }) => number(deployments, compact)),
      delivery('Taken back', backCell),
      delivery('Lead time', ({ leadMs }) => spanCell(leadMs)),
      delivery('Time to restore', ({ restoreMs, restoreFromVerdictMs: fromVerdict }) =>
        spanCell(
          restoreMs,
          fromVerdict === null ? '' : `${formatSpan(fromVerdict)} after the verdict`,
        ),
      ),
    ],
    none: 'Nothing ran in this month.',
    note:
      'Deployments: versions that first went out in the month. Taken back: those of them that were revoked before its end. ' +
      'Lead time: from the first devices to all. Time to restore: from the first devices until it was revoked. Both are medians.',
  };
}

function backCell(deliveries: Deliveries): Cell {
  const { deployments, revoked } = deliveries;
  return number(deployments > 0 ? revoked / deployments : null, () => backWords(deliveries));
}

function spanCell(lengthMs: number | null, aside = ''): Cell {
  return number(lengthMs, (ms) => formatSpan(ms ?? 0), { unit: 'ms', aside });
}

function daysCell(objectives: FleetObjectives | undefined): Cell {
  return number(daysInside(objectives), (inside) => `${inside} of ${objectives?.days.length}`);
}
