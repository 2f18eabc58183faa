import { type Figure, isThin } from '../../src/statistics/figure.js';
import { formatCount, formatDuration, NOTHING } from '../words/format.js';

/** Rows as data: a page shows them, CSV and Markdown carry them on. */
export interface Table {
  /** The first is of the rows' names. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Said where there is no row. */
  readonly none: string;
  /** What the columns mean. */
  readonly note?: string;
  /** What stands beside the names of rows: a column of its own in CSV. */
  readonly asideName?: string;
}

export interface Cell {
  readonly text: string;
  /** As it goes into CSV; left out: the text does. */
  readonly value?: number | string | null;
  /** Of the value. */
  readonly unit?: 'ms';
  /** Beside the text, in small. */
  readonly aside?: string;
  /** Shown on demand: sample and interval. */
  readonly detail?: string;
  /** The interval, as it goes into CSV. */
  readonly interval?: {
    readonly low: number | null;
    readonly high: number | null;
    readonly n: number;
  };
  /** Made of so little that it should not be leaned on. */
  readonly isThin?: boolean;
  readonly tone?: 'alarm' | 'quiet' | 'code';
  /** Name of the CSS variable that holds the colour of a swatch. */
  readonly color?: string;
  /** 0 … 1: how dark the cell is. */
  readonly shade?: number;
}

type Format = (value: number | null | undefined) => string;

export function text(words: string, more: Omit<Cell, 'text'> = {}): Cell {
  return { text: words, ...more };
}

/** A number that was counted or computed. */
export function number(
  value: number | null | undefined,
  format: Format,
  more: Omit<Cell, 'text' | 'value'> = {},
): Cell {
  return {
    text: value === null || value === undefined ? NOTHING : format(value),
    value: value ?? null,
    ...unitOf(format),
    ...more,
  };
}

/** A number with what is known of it: thin ones are grey, and sample and interval are shown on demand. */
export function figure(of: Figure, format: Format): Cell {
  const { value, low, high, n, devices, estimated } = of;
  if (value === null) return { text: NOTHING, value };
  const sample = `n ${formatCount(n)}${devices > 0 ? `, ${formatCount(devices)} devices` : ''}`;
  return {
    text: format(value),
    value,
    ...unitOf(format),
    detail: `${format(low)} to ${format(high)}; ${sample}`,
    interval: { low, high, n },
    ...(estimated && { aside: 'estimated' }),
    ...(isThin(of) && { isThin: true }),
  };
}

function unitOf(format: Format): Pick<Cell, 'unit'> {
  return format === formatDuration ? { unit: 'ms' } : {};
}
