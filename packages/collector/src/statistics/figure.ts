import { tQuantile } from './distributions.js';

/** A number of the fleet with its interval and its sample. Null where nothing was counted. */
export interface Figure {
  readonly value: number | null;
  /** 95 % interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** Number of events. */
  readonly n: number;
  /** Devices on the busiest UTC day of the range. */
  readonly devices: number;
  /** Names a section of docs/statistics.md. */
  readonly method: Method;
  /** It is computed from other figures, and not counted. */
  readonly estimated: boolean;
}

type Method =
  | 'count'
  | 'cohort-ratio'
  | 'cohort-quantile'
  | 'device-quantile'
  | 'cbpe'
  | 'weighted-labels'
  | 'trimmed-difference'
  | 'sample-ratio'
  | 'hour-of-week';

/** A share of 0.025 is above the interval, and as much below. */
export const TAIL = 0.025;

export interface Estimate {
  readonly value: number;
  readonly variance: number;
  /** Events. */
  readonly n: number;
  /** Degrees of freedom of the variance. */
  readonly degrees: number;
}

type Origin = Pick<Figure, 'devices' | 'method'> & { readonly estimated?: boolean };

/** Makes the figure of any number: value ± t · √variance. */
export function figureOf(estimate: Estimate | undefined, origin: Origin): Figure {
  if (!estimate) return nothing(origin);
  const { value, variance, n, degrees } = estimate;
  const radius = tQuantile(TAIL, degrees) * Math.sqrt(variance);
  return figure(value, [value - radius, value + radius], n, origin);
}

/**
 * Makes the figure of a share. Wilson's interval is computed for as many independent events as would vary as much as
 * the cohorts do. A share that is 0 or 1 everywhere does not vary, and counts one event a device.
 */
export function shareFigureOf(estimate: Estimate | undefined, origin: Origin): Figure {
  if (!estimate) return nothing(origin);
  const { value, variance, n, degrees } = estimate;
  const spread = Math.max(0, value * (1 - value));
  const independent =
    variance > 0 && spread > 0
      ? Math.min(n, Math.max(1, spread / variance))
      : Math.min(n, Math.max(1, origin.devices));
  const t = tQuantile(TAIL, degrees);
  const centre = value + t ** 2 / (2 * independent);
  const radius = t * Math.sqrt(spread / independent + t ** 2 / (4 * independent ** 2));
  const scale = 1 + t ** 2 / independent;
  const low = Math.max(0, (centre - radius) / scale);
  const high = Math.min(1, (centre + radius) / scale);
  return figure(value, [low, high], n, origin);
}

function nothing({ devices, method, estimated = false }: Origin): Figure {
  return { value: null, low: null, high: null, n: 0, devices, method, estimated };
}

function figure(
  value: number,
  [low, high]: readonly [number, number],
  n: number,
  { devices, method, estimated = false }: Origin,
): Figure {
  const [shown, from, to] = [value, low, high].map(sixDigits) as [number, number, number];
  return { value: shown, low: from, high: to, n, devices, method, estimated };
}

/** A target is missed when the whole interval is under it. */
export function isUnder({ high }: Pick<Figure, 'high'>, target: number): boolean {
  return high !== null && high < target;
}

/** Fewer events or devices say little. */
export const FEWEST_EVENTS = 100;
export const FEWEST_DEVICES = 20;

/** A thin figure should not be leaned on. */
export function isThin({ n, devices, method }: Figure): boolean {
  return n < FEWEST_EVENTS || (method !== 'count' && devices < FEWEST_DEVICES);
}

/** More digits say nothing, and make answers long. */
export function sixDigits(value: number): number {
  return Number(value.toPrecision(6));
}
