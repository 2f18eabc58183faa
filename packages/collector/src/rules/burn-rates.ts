import type { Targets } from '../files/targets.js';
import { WITHIN_P95 } from '../fleet/target-bound.js';
import { FEWEST_DEVICES, FEWEST_EVENTS } from '../statistics/figure.js';
import type { Condition, Recording } from './rule.js';
import { type TargetGroup, targetGroups } from './target-groups.js';

/** The error budget is spent so many times as fast as it may be, over both windows. */
interface BurnRate {
  readonly factor: number;
  readonly long: string;
  /** It ends the alert soon after the burn has ended. */
  readonly short: string;
  /** A device makes so many reports in the short window, one in five minutes. */
  readonly reportsOfOne: number;
}

/** Factors and windows of "The Site Reliability Workbook", chapter 5, with windows that three reports fill. */
const PAGES: readonly BurnRate[] = [
  { factor: 14.4, long: '1h', short: '15m', reportsOfOne: 3 },
  { factor: 6, long: '6h', short: '30m', reportsOfOne: 6 },
];
const TICKETS: readonly BurnRate[] = [
  { factor: 3, long: '1d', short: '2h', reportsOfOne: 24 },
  { factor: 1, long: '3d', short: '6h', reportsOfOne: 72 },
];

/** No more than this share of runs is asked for. Else a low target would never page. */
const MOST_SHARE = 0.7;

const FAST_WINDOWS = ['15m', '30m', '1h', '2h', '6h'];
const SLOW_WINDOWS = ['1d', '3d'];

/** Shares of runs that failed, and that took longer than the target for P95. */
export const fastShares = (): Recording[] => FAST_WINDOWS.flatMap(sharesOver);
export const slowShares = (): Recording[] => SLOW_WINDOWS.flatMap(sharesOver);

function sharesOver(window: string): Recording[] {
  const grown = (name: string) => `increase(nearside:${name}:total[${window}])`;
  return [
    {
      record: `nearside:failed:share${window}`,
      expr: `${grown('failed')} / (${grown('runs')} > 0)`,
    },
    {
      record: `nearside:slow:share${window}`,
      expr: `1 - ${grown('within_target')} / (${grown('ok')} > 0)`,
    },
  ];
}

const FAILING_DEVICES = 'increase(nearside:failing_devices:total[1d])';
const ENOUGH_RUNS = `increase(nearside:runs:total[6h]) >= ${FEWEST_EVENTS}`;

export function burnPages(targets: Targets): Condition[] {
  const failing = successBurns(targets, PAGES, byMany);
  const isFound = 'on (job, model, version) nearside_finding{kind="latency"} == 1';
  return [
    {
      alert: 'NearsideSuccessBurn',
      expr: `(\n${failing}\n)\nand ${FAILING_DEVICES} >= ${FEWEST_DEVICES}`,
    },
    {
      alert: 'NearsideLatencyBurn',
      // the finding has an interval by cohort, which one device cannot move
      expr: `(\n${burns('slow', LATENCY, PAGES)}\n)\nand ${isFound}`,
      keep_firing_for: '5m',
    },
  ];
}

/** A model without a rollout does not say which devices fail. It gets tickets all the same. */
export function burnTickets(targets: Targets): Condition[] {
  const failing = successBurns(targets, TICKETS);
  return [
    {
      alert: 'NearsideSuccessBurnSlow',
      expr: `(\n${failing}\n)\nand ${ENOUGH_RUNS}\nunless ${FAILING_DEVICES} < ${FEWEST_DEVICES}`,
    },
    {
      alert: 'NearsideLatencyBurnSlow',
      expr: `(\n${burns('slow', LATENCY, TICKETS)}\n)\nand ${ENOUGH_RUNS}`,
    },
  ];
}

const LATENCY: TargetGroup = { target: WITHIN_P95, matcher: '' };

type Guard = (rate: BurnRate, threshold: string) => string;

/**
 * Reports, each counting alike, fail as much, also without those that one device makes: a device that tries all day
 * spends the budget of thousands.
 */
function byMany({ short, reportsOfOne }: BurnRate, threshold: string): string {
  const [failed, all] = ['failed_shares', 'reports'].map(
    (name) => `increase(nearside:${name}:total[${short}])`,
  );
  return ` and (${failed} - ${reportsOfOne}) / ${all} > ${threshold}`;
}

function successBurns(targets: Targets, rates: readonly BurnRate[], guard?: Guard): string {
  const groups = targetGroups(targets, ({ successRate }) => successRate);
  return groups.map((group) => burns('failed', group, rates, guard)).join('\nor\n');
}

function burns(
  what: 'failed' | 'slow',
  { target, matcher }: TargetGroup,
  rates: readonly BurnRate[],
  guard: Guard = () => '',
): string {
  return rates
    .map((rate) => {
      const threshold = numberText(loweredFactor(rate.factor, target) * (1 - target));
      const share = (window: string) => `nearside:${what}:share${window}${matcher} > ${threshold}`;
      return `${share(rate.long)} and ${share(rate.short)}${guard(rate, threshold)}`;
    })
    .join('\nor\n');
}

function loweredFactor(factor: number, target: number): number {
  return Math.min(factor, MOST_SHARE / (1 - target));
}

/** Says which factors are lowered, a line for each target under 99 %. */
export function loweredFactors(targets: Targets): string[] {
  const groups = targetGroups(targets, ({ successRate }) => successRate);
  const all = [
    ...groups.map(({ target, models }) => ({
      target,
      of: `success of ${models ?? 'all other models'}`,
    })),
    { ...LATENCY, of: 'latency' },
  ];
  return all.flatMap(({ target, of }) =>
    [...PAGES, ...TICKETS].flatMap(({ factor }) => {
      const lowered = loweredFactor(factor, target);
      return lowered < factor
        ? [
            `The target for ${of} is ${numberText(100 * target)} %: ${factor} times its budget would be over ${100 * MOST_SHARE} % of the runs, so it is ${numberText(lowered)} times.`,
          ]
        : [];
    }),
  );
}

export function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
