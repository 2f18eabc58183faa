import { isThin } from '../../src/statistics/figure.js';
import { type Answers, answered } from '../asking/ask.js';
import {
  formatCompact,
  formatDuration,
  formatMoney,
  formatPoints,
  formatRate,
  formatSpan,
} from '../words/format.js';
import { savedShare } from './cost-table.js';
import { daysInside } from './figures-table.js';
import { type Months, monthBeforeOf } from './months.js';
import { released, takenBack } from './releases-table.js';

/** Tells the month in five sentences, from its numbers. A number that is not known has no sentence. */
export function sentencesOf(answers: Answers, months: Months): string[] {
  return [use, objectives, accuracy, cost, releases]
    .map((sentence) => sentence(answers, months))
    .filter((words) => words !== undefined);
}

type Sentence = (answers: Answers, months: Months) => string | undefined;

const use: Sentence = (answers, { model, now, before }) => {
  const total = answered(answers, 'month')?.total;
  if (!now.hasBegun) return `${now.name} has not begun.`;
  if (!total) return undefined;
  if (total.reports === 0) return 'Nothing ran.';
  const earlier = monthBeforeOf(answers);
  const change = earlier
    ? `, ${changeWords(total.estimatedCount / earlier.estimatedCount - 1, before.name)}`
    : '';
  const so = now.isOver ? '' : ' so far';
  return `${model} ran ${formatCompact(total.estimatedCount)} times${so}, on ${formatCompact(total.devices)} devices on the busiest day${change}.`;
};

function changeWords(change: number, month: string): string {
  if (change > 1) return `${(1 + change).toFixed(1)} times as many as in ${month}`;
  return `${formatRate(Math.abs(change))} ${change < 0 ? 'fewer' : 'more'} than in ${month}`;
}

const objectives: Sentence = (answers) => {
  const found = answered(answers, 'monthObjectives');
  const total = answered(answers, 'month')?.total;
  const inside = daysInside(found);
  if (!found || !total || inside === null) return undefined;
  const { targets, days } = found;
  return (
    `It was inside its objectives on ${inside} of ${days.length} days: ${formatRate(total.successRate)} of runs succeeded ` +
    `(${formatRate(targets.successRate)} are to), and 95 of 100 took less than ${formatDuration(total.p95Ms)} (${formatDuration(targets.p95Ms)}).`
  );
};

const accuracy: Sentence = (answers) => {
  const [newest] = (answered(answers, 'monthAccuracy')?.versions ?? [])
    .filter(({ estimated }) => estimated.value !== null && !isThin(estimated))
    .toSorted((a, b) => b.devices - a.devices);
  if (!newest) return undefined;
  const { version, labelled, estimated, offline } = newest;
  const measured = labelled.value !== null ? labelled : estimated;
  const how = labelled.value !== null ? 'by its labels' : 'by estimate';
  const off =
    measured.value !== null && offline.value !== null
      ? `, ${formatPoints(measured.value - offline.value)} from the lab`
      : '';
  return `${version}, which most devices had, was right in ${formatRate(measured.value)} of runs ${how}${off}.`;
};

/** Fewer runs say nothing about the cost of a month. */
const FEWEST_RUNS = 1000;

const cost: Sentence = (answers) => {
  const found = answered(answers, 'monthCost');
  const { amount = null, serverAmount = null } = found?.total ?? {};
  if (!found?.currency || amount === null || !serverAmount) return undefined;
  const saved = savedShare(found);
  // a few runs say nothing
  if (found.total.inferences < FEWEST_RUNS) return undefined;
  const [own, server] = [amount, serverAmount].map((one) => formatMoney(one, found.currency ?? ''));
  if (saved !== null && saved > 0) {
    return `It cost ${own}, ${formatRate(saved)} less than the ${server} of the same runs on a server.`;
  }
  const more = amount - serverAmount;
  const change = more > 0 ? `a loss of ${formatMoney(more, found.currency)}` : 'as much';
  return `It cost ${own}; the same runs on a server cost ${server}: ${change}.`;
};

const releases: Sentence = (answers, { before }) => {
  const found = answered(answers, 'monthReleases');
  if (!found) return undefined;
  const out = released(found);
  const back = takenBack(answers);
  const earlier = monthBeforeOf(answers) && answered(answers, 'monthReleasesBefore');
  const last = earlier ? ` (${before.name}: ${released(earlier).length})` : '';
  if (out.length === 0 && back.length === 0) return `Nothing was released${last}.`;
  const list = out.length > 0 ? `Released: ${out.join(', ')}${last}.` : '';
  const taken = back.map(({ version, atMs, outMs }) => {
    const after = outMs === undefined ? '' : ` after ${formatSpan(atMs - outMs)}`;
    return `${version} was taken back${after}.`;
  });
  return [list, ...taken].filter((one) => one).join(' ');
};
