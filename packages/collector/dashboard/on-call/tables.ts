import type { Figures } from '../../src/fleet/latency.js';
import type { Budget } from '../../src/fleet/objectives.js';
import { answered } from '../asking/ask.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, number, text } from '../table/table.js';
import { lostNote } from '../words/codes.js';
import {
  formatCount,
  formatDuration,
  formatLeft,
  formatMoment,
  formatRate,
  formatSpan,
} from '../words/format.js';
import { chosenFigures } from '../words/scope.js';

const count = (value: number | null | undefined) => formatCount(value ?? 0);

/** Shows opens from the network and from the device, and failed ones. */
export const opensPanel = tablePanel({
  id: 'opens',
  title: 'Opens',
  aside: 'how models were opened',
  needs: ['latency'],
  table: ({ latency }) => {
    const { tried, network, store, failed, networkP95Ms, storeP95Ms } =
      chosenFigures(latency).opens;
    const share = (n: number) => number(tried === 0 ? null : n / tried, formatRate);
    const ready = (name: string, aside: string, n: number, p95Ms: number | null): Cell[] => [
      text(name, { aside }),
      number(n, count),
      share(n),
      number(p95Ms, formatDuration),
    ];
    return {
      columns: ['Ended', 'Count', 'Of opens', 'Ready P95'],
      rows:
        tried === 0
          ? []
          : [
              ready('network', 'cold start', network, networkP95Ms),
              ready('store', 'cache hit', store, storeP95Ms),
              ...Object.entries(failed).map(([code, n]): Cell[] => [
                text(code, { aside: 'failed', tone: 'code' }),
                number(n, count),
                share(n),
                number(null, formatDuration),
              ]),
            ],
      asideName: 'Kind',
      none: 'No model was opened in this range.',
      note: lostNote(Object.keys(failed)),
    };
  },
});

export const errorsPanel = tablePanel({
  id: 'errors',
  title: 'Errors',
  aside: 'by code',
  needs: ['latency'],
  table: ({ latency }, { answers }) => {
    const now = chosenFigures(latency);
    const earlier = answered(answers, 'latencyBefore');
    const before = earlier && earlier.total.count > 0 ? chosenFigures(earlier) : undefined;
    const codes = [...new Set([now, before].flatMap((one) => Object.keys(one?.errors ?? {})))];
    return {
      columns: ['Code', 'Count', 'Of runs', 'Before'],
      rows: codes.map((code) => [
        text(code, { tone: 'code' }),
        number(now.errors[code] ?? 0, count),
        number(shareOf(code, now), formatRate),
        number(before && shareOf(code, before), formatRate),
      ]),
      none: 'No errors in this range.',
      note: lostNote(codes),
    };
  },
});

function shareOf(code: string, { errors, count: runs }: Figures): number | null {
  return runs === 0 ? null : (errors[code] ?? 0) / runs;
}

/** Shows how many runs may still fail before the month's objectives are missed. */
export const budgetPanel = tablePanel({
  id: 'budget',
  title: 'Budget',
  aside: 'of 28 days',
  gist: ({ rows }) =>
    rows
      .map(([name, , , left]) => `${name?.text}: ${left?.text}${left?.tone ? '' : ' left'}`)
      .join(', '),
  needs: ['objectives'],
  table: ({ objectives: { success, latency, targets } }) => ({
    columns: ['Objective', 'Allowed', 'Spent', 'Left'],
    rows: [
      budgetRow(`${formatRate(success.target)} succeed`, success),
      budgetRow(`${formatRate(latency.target)} within ${formatDuration(targets.p95Ms)}`, latency),
    ].filter((cells) => cells[3]?.value !== null),
    none: 'Nothing ran in 28 days.',
    note: 'Runs that may fail, and results that may take longer, before the objective is missed.',
  }),
});

function budgetRow(name: string, { allowed, bad, left }: Budget): Cell[] {
  return [
    text(name),
    number(allowed, (runs) => count(Math.floor(runs ?? 0))),
    number(bad, count),
    number(left, formatLeft, {
      ...(left !== null && left < 0 && { tone: 'alarm' as const }),
    }),
  ];
}

const KINDS = {
  release: 'release',
  back: 'taken back',
  verdict: 'verdict',
  finding: 'finding',
  silence: 'silence',
} as const;

/** Rows that are shown at most. */
const MOST_EVENTS = 40;

/** Shows the lane of the charts in words. */
export const happenedPanel = tablePanel({
  id: 'happened',
  title: 'What happened',
  gist: ({ rows: [newest] }) => `${newest?.[0]?.text}: ${newest?.[4]?.text}`,
  isWide: true,
  needs: ['releases', 'findings'],
  table: (_got, { lane }) => ({
    columns: ['When', 'Until', 'Lasted', 'Kind', 'What'],
    rows: lane
      .toReversed()
      .slice(0, MOST_EVENTS)
      .map(({ kind, fromMs, toMs, text: words }) => [
        { text: formatMoment(fromMs), value: new Date(fromMs).toISOString() },
        ...lengthCells(fromMs, toMs),
        text(KINDS[kind]),
        text(words),
      ]),
    none: 'No release, verdict or finding in this time.',
  }),
});

/** An event that lasts has no end, and a moment no length. */
function lengthCells(fromMs: number, toMs: number | null): Cell[] {
  const nothing = text('', { value: null });
  if (toMs === null) return [nothing, nothing];
  if (toMs === Infinity) return [text('lasts', { value: null }), nothing];
  return [
    { text: formatMoment(toMs), value: new Date(toMs).toISOString() },
    number(toMs - fromMs, (ms) => formatSpan(ms ?? 0), { unit: 'ms' }),
  ];
}
