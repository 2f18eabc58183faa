import type { AgreementBin, ShadowAgreement } from '../../src/fleet/shadow-agreements.js';
import { joinSmallBins } from '../../src/statistics/bins.js';
import { FEWEST_EVENTS, isThin } from '../../src/statistics/figure.js';
import { type Cell, figure } from '../table/table.js';
import {
  formatCount,
  formatDuration,
  formatPoints,
  formatRate,
  formatShare,
} from '../words/format.js';

/** Makes the cell of how often a version that runs beside decides as the one that serves. */
export function agreementCell({ agreement, missing }: ShadowAgreement): Cell {
  if (missing) return { text: 'too few devices', tone: 'quiet' };
  const cell = figure(agreement, formatRate);
  if (!isThin(agreement)) return { ...cell, detail: sampleWords(agreement) };
  return { ...cell, text: sameWords(agreement), detail: fewWords(agreement) };
}

/** "It decided the same for 98.7% of 11,728 inputs (98.5% to 98.9%)." */
export function agreesWords({ agreement, missing, n }: ShadowAgreement): string {
  if (missing) {
    return `It had ${formatCount(n)} inputs, on too few devices to say how often it decided the same.`;
  }
  if (isThin(agreement)) {
    return `It decided the same for ${sameWords(agreement)} inputs, ${fewWords(agreement)}.`;
  }
  const { value, low, high } = agreement;
  const interval = `${formatRate(low)} to ${formatRate(high)}`;
  return `It decided the same for ${formatRate(value)} of ${formatCount(n)} inputs (${interval}).`;
}

/** "It took 1.70 ms longer, and 0.83 points more of the inputs failed." */
export function besideWords({ latencyDifferenceMs, errorDifference }: ShadowAgreement): string {
  const took = `${formatDuration(Math.abs(latencyDifferenceMs))} ${latencyDifferenceMs < 0 ? 'less' : 'longer'}`;
  const points = formatPoints(Math.abs(errorDifference)).replace('+', '');
  const failed =
    errorDifference === 0
      ? 'as many inputs failed'
      : `${points} ${errorDifference < 0 ? 'fewer' : 'more'} of the inputs failed`;
  return `It took ${took}, and ${failed}.`;
}

/** "50–90%" */
export function sureWords({ from, to }: AgreementBin): string {
  return `${formatShare(from).replace('%', '')}–${formatShare(to)}`;
}

export function formatLonger(ms: number | null | undefined): string {
  const value = ms ?? 0;
  return `${value < 0 ? '−' : '+'}${formatDuration(Math.abs(value))}`;
}

function sampleWords({ low, high, n, devices }: Agreement): string {
  return `${formatRate(low)} to ${formatRate(high)}, of ${formatCount(n)} inputs in ${devices} of 64 groups of devices`;
}

type Agreement = ShadowAgreement['agreement'];

/** "9 of 10" */
function sameWords({ value, n }: Agreement): string {
  return `${formatCount(Math.round((value ?? 0) * n))} of ${formatCount(n)}`;
}

/** An interval of so few is nearly all there is. */
function fewWords({ devices }: Agreement): string {
  const groups = devices === 1 ? 'one group' : `${devices} of 64 groups`;
  return `in ${groups} of devices: too few to say how often`;
}

/** More ranges say little more. */
const MOST_RANGES = 6;

/** Joins bins of confidence until each says something: where a model is unsure there are few inputs. */
export function joinedBins(bins: readonly AgreementBin[]): AgreementBin[] {
  const amounts = bins.map(({ n }) => n);
  let least = FEWEST_EVENTS;
  let target = joinSmallBins(amounts, least);
  while ((target.at(-1) ?? 0) >= MOST_RANGES) {
    least *= 2;
    target = joinSmallBins(amounts, least);
  }
  const joined: AgreementBin[] = [];
  for (const [i, bin] of bins.entries()) {
    const place = target[i] as number;
    const one = joined[place];
    const n = (one?.n ?? 0) + bin.n;
    const agreements = (one ? one.n * one.agreement : 0) + bin.n * bin.agreement;
    joined[place] = { from: one?.from ?? bin.from, to: bin.to, n, agreement: agreements / n };
  }
  return joined;
}
