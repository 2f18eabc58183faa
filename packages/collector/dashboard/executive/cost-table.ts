import type { FleetCost } from '../../src/fleet/cost.js';
import { type Answers, answered } from '../asking/ask.js';
import { number, type Table, text } from '../table/table.js';
import { formatCompact, formatMoney, formatSaved } from '../words/format.js';
import { type Months, monthBeforeOf } from './months.js';

/** Tells the cost of runs, beside that of the same runs on a server. */
export function costTable(answers: Answers, { now, before }: Months): Table {
  const month = answered(answers, 'monthCost');
  const earlier = monthBeforeOf(answers) && answered(answers, 'monthCostBefore');
  const money = (of: FleetCost | undefined) => (value: number | null | undefined) =>
    formatMoney(value ?? 0, of?.currency ?? 'EUR');
  const row = (name: string, value: (of: FleetCost) => number | null) => [
    text(name),
    number(month && value(month), money(month)),
    number(earlier && value(earlier), money(earlier)),
  ];
  return {
    columns: ['', now.name, before.name],
    rows:
      month && !month.missing
        ? [
            row('On devices', ({ total }) => total.amount),
            row('The same on a server', ({ total }) => total.serverAmount),
            row('A million runs', ({ total }) => total.perMillion),
            [
              text('Saved'),
              number(savedShare(month), formatSaved),
              number(savedShare(earlier), formatSaved),
            ],
            [
              text('Fetched from the network'),
              number(month.total.bytes, formatBytes),
              number(earlier?.total.bytes, formatBytes),
            ],
          ]
        : [],
    none: 'Not known: the collector was given no prices (--prices).',
  };
}

/** Share of a server's cost that is saved. */
export function savedShare(cost: FleetCost | undefined): number | null {
  const { amount = null, serverAmount = null } = cost?.total ?? {};
  return amount === null || !serverAmount ? null : 1 - amount / serverAmount;
}

function formatBytes(bytes: number | null | undefined): string {
  return `${formatCompact(Math.round((bytes ?? 0) / 1e6))} MB`;
}
