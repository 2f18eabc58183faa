import type { CostFigures } from '../../src/fleet/cost.js';
import { type Answers, answered } from '../asking/ask.js';
import { number, type Table, text } from '../table/table.js';
import { formatCompact } from '../words/format.js';
import { FEWEST_RUNS, type Months, monthBeforeOf } from './months.js';

/** Tells the cost of runs, beside that of the same runs on a server. */
export function costTable(answers: Answers, { now, before }: Months): Table {
  const month = answered(answers, 'monthCost');
  const earlier = monthBeforeOf(answers) && answered(answers, 'monthCostBefore');
  const money = (value: number | null | undefined) =>
    formatMoney(value ?? 0, month?.currency ?? 'EUR');
  const row = (name: string, value: (of: CostFigures) => number | null, format = money) => [
    text(name),
    number(month && value(month.total), format),
    ...(earlier ? [number(value(earlier.total), format)] : []),
  ];
  return {
    columns: ['', now.name, ...(earlier ? [before.name] : [])],
    rows:
      month && !month.missing
        ? [
            row('On devices', ({ amount }) => amount),
            row('The same on a server', ({ serverAmount }) => serverAmount),
            row('Saved', savedAmount),
            row('A million runs', ({ inferences, perMillion }) =>
              inferences < FEWEST_RUNS ? null : perMillion,
            ),
            row('Fetched from the network', ({ bytes }) => bytes, formatBytes),
          ]
        : [],
    none: 'Not known: start the collector with --prices prices.json.',
  };
}

/** Cost of the same runs on a server, less the cost on devices. Below 0 where devices cost more. */
export function savedAmount({ amount, serverAmount }: CostFigures): number | null {
  return amount === null || serverAmount === null ? null : serverAmount - amount;
}

function formatBytes(bytes: number | null | undefined): string {
  return `${formatCompact(Math.round((bytes ?? 0) / 1e6))} MB`;
}

/** An amount in its currency: "€12.30", "−€9.98". It is never rounded to nothing while it is something: "<€0.01". */
export function formatMoney(amount: number, currency: string): string {
  if (amount > 0 && amount < 0.005) return `<${formatMoney(0.01, currency)}`;
  const digits = Math.abs(amount) >= 1000 ? 0 : 2;
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  })
    .format(amount)
    .replace('-', '−');
}
