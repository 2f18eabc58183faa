import type { Figures } from '../../src/fleet/latency.js';
import { isThin } from '../../src/statistics/figure.js';
import { type Answers, answered, Unanswered } from '../asking/ask.js';
import {
  formatCompact,
  formatDuration,
  formatList,
  formatPoints,
  formatRate,
  formatSpan,
} from '../words/format.js';
import { formatMoney, savedAmount } from './cost-table.js';
import { daysInside } from './figures-table.js';
import { foundIn, hasLooked, KIND_NAMES, unlookedIn } from './findings-table.js';
import { FEWEST_RUNS, type Months, monthBeforeOf } from './months.js';
import { backWords, releasedIn, revokedIn } from './releases-table.js';

/** A sentence names at most so many versions, the newest. The table has all. */
const MOST_NAMED = 5;

type Sentence = (answers: Answers, months: Months) => string | undefined;

/** Tells the month from its numbers, its cost first. A number that is not known has no sentence. */
export function sentencesOf(answers: Answers, months: Months): string[] {
  const { hasBegun, name } = months.now;
  if (!hasBegun) return [`${name} has not begun.`];
  const total = answered(answers, 'month')?.total;
  const isShort = total && total.estimatedCount < FEWEST_RUNS;
  return (isShort ? [little, releases] : [cost, use, objectives, findings, accuracy, releases])
    .map((sentence) => sentence(answers, months))
    .filter((words) => words !== undefined);
}

const little: Sentence = (answers, { model, now, seen }) => {
  const total = answered(answers, 'month')?.total;
  if (!total?.reports) {
    return `Nothing ran in ${now.name}. The reports of ${model} are of ${seen}.`;
  }
  const ran = `${model} ran ${many(total.estimatedCount, 'time')} in ${now.name}${now.soFar}`;
  return `${ran}, on ${busiest(total)}: too little to judge the month.`;
};

const cost: Sentence = (answers, { model, now }) => {
  const found = answered(answers, 'monthCost');
  if (answers.monthCost instanceof Unanswered) {
    return `What ${model} cost in ${now.name} is not known. ${answers.monthCost.message}`;
  }
  if (found?.missing) {
    return `What ${model} cost in ${now.name} is not known: start the collector with --prices prices.json.`;
  }
  const saved = found && savedAmount(found.total);
  if (!found?.currency || saved === undefined || saved === null) return undefined;
  const money = (amount: number | null) => formatMoney(amount ?? 0, found.currency ?? '');
  const { amount, serverAmount } = found.total;
  const server = `the ${money(serverAmount)} of the same runs on a server`;
  const difference =
    saved > 0
      ? `${money(saved)} (${formatRate(saved / (serverAmount ?? saved))}) less than ${server}`
      : saved < 0
        ? `${money(-saved)} more than ${server}`
        : 'as much as the same runs on a server';
  return `${model} cost ${money(amount)} in ${now.name}${now.soFar}, ${difference}.`;
};

const use: Sentence = (answers, { model, before }) => {
  const total = answered(answers, 'month')?.total;
  if (!total) return undefined;
  const earlier = monthBeforeOf(answers);
  const change = earlier
    ? `, ${changeWords(total.estimatedCount / earlier.estimatedCount - 1, before.name)}`
    : '';
  return `${model} ran ${many(total.estimatedCount, 'time')}, on ${busiest(total)}${change}.`;
};

function busiest({ devices }: Figures): string {
  return `${many(devices, 'device')} on the busiest day`;
}

function many(n: number, unit: string): string {
  return `${formatCompact(n)} ${unit}${n === 1 ? '' : 's'}`;
}

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
    `(target ${formatRate(targets.successRate)}), and 95 of 100 took less than ${formatDuration(total.p95Ms)} (target ${formatDuration(targets.p95Ms)}).`
  );
};

const accuracy: Sentence = (answers) => {
  const [newest] = (answered(answers, 'monthAccuracy')?.versions ?? [])
    .filter(({ estimated }) => estimated.value !== null && !isThin(estimated))
    .toSorted((a, b) => b.devices - a.devices);
  if (!newest) return undefined;
  const { version, labelled, estimated, offline } = newest;
  const isLabelled = labelled.value !== null && !isThin(labelled);
  const measured = isLabelled ? labelled : estimated;
  const how = isLabelled ? 'by its labels' : 'by estimate';
  const off = (measured.value ?? 0) - (offline.value ?? 0);
  const points = formatPoints(Math.abs(off)).replace('+', '');
  const beside =
    measured.value === null || offline.value === null
      ? ''
      : `, ${points} ${off < 0 ? 'less' : 'more'} often than in the lab`;
  return `${version}, which most devices had, was right in ${formatRate(measured.value)} of runs ${how}${beside}.`;
};

const findings: Sentence = (answers, { now }) => {
  const written = answered(answers, 'monthFindings');
  if (!written || !hasLooked(written, now)) return undefined;
  const found = foundIn(written, now);
  const unlookedMs = unlookedIn(written, now);
  const without =
    unlookedMs === 0 ? '' : ` For ${formatSpan(unlookedMs)} the collector did not look.`;
  if (found.length === 0) return without ? `Nothing was found.${without}` : 'No finding was open.';
  const list = found.map(
    ({ kind, count, lastedMs }) => `${count} × ${KIND_NAMES[kind]} (${formatSpan(lastedMs)})`,
  );
  return `Found: ${formatList(list)}.${without}`;
};

const releases: Sentence = (answers, { now, before }) => {
  const all = answered(answers, 'monthReleases');
  if (!all) return undefined;
  const versions = releasedIn(all, now);
  const back = revokedIn(answers, now);
  const earlier = monthBeforeOf(answers) && releasedIn(all, before);
  const last = earlier ? ` (${before.name}: ${earlier.length})` : '';
  const deliveries = answered(answers, 'monthDeliveries')?.deliveries;
  const share = deliveries?.deployments ? `; taken back: ${backWords(deliveries)}` : '';
  if (versions.length === 0 && back.length === 0) return `Nothing was released${last}.`;
  const more = versions.length > MOST_NAMED ? ` and ${versions.length - MOST_NAMED} others` : '';
  const list =
    versions.length > 0
      ? `Released: ${versions.slice(-MOST_NAMED).join(', ')}${more}${last}${share}.`
      : '';
  const taken = back.slice(-MOST_NAMED).map(({ version, atMs, outMs }) => {
    const after = outMs === undefined ? '' : ` after ${formatSpan(atMs - outMs)}`;
    return `${version} was taken back${after}.`;
  });
  return [list, ...taken].filter((one) => one).join(' ');
};
