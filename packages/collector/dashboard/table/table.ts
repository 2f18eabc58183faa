import { type Figure, isThin } from '../../src/statistics/figure.js';
import { countWords, formatCount, formatDuration, NOTHING } from '../words/format.js';

/** A table as data, for the page, CSV and Markdown. */
export interface Table {
  /** The first column has the names of the rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** The sentence where there is no row. */
  readonly none: string;
  /** Names, in a few words, the thing that would fill an empty table: "labels by model.feedback". */
  readonly filledBy?: string;
  /** Explains the columns, in paragraphs. */
  readonly note?: string | undefined;
  /** Further rows are folded on the page. */
  readonly shownRows?: number;
  /** Heading of the words beside the names of rows, which are a column of their own in CSV. */
  readonly asideName?: string;
}

export interface Cell {
  readonly text: string;
  /** The value in CSV. Left out, it is the text. */
  readonly value?: number | string | null;
  /** Unit of the value. */
  readonly unit?: 'ms';
  /** Small words beside the text. */
  readonly aside?: string;
  /** Sample and interval, shown on demand. */
  readonly detail?: string;
  /** The interval in CSV. */
  readonly interval?: {
    readonly low: number | null;
    readonly high: number | null;
    readonly n: number;
  };
  /** It is made of so little that it should not be leaned on. */
  readonly isThin?: boolean;
  readonly tone?: 'alarm' | 'quiet' | 'code';
  /** Name of the CSS variable that holds the colour of a swatch. */
  readonly color?: string;
  /** Darkness of the cell, 0 … 1. */
  readonly shade?: number;
}

type Format = (value: number | null | undefined) => string;

export function text(words: string, more: Omit<Cell, 'text'> = {}): Cell {
  return { text: words, ...more };
}

/** Makes the cell of a number. */
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

/** Makes the cell of a figure. Thin figures are grey. Sample and interval are shown on demand. */
export function figure(of: Figure, format: Format): Cell {
  const { value, low, high, n, devices, estimated } = of;
  if (value === null) return { text: NOTHING, value };
  const sample = `of ${formatCount(n)}${devices > 0 ? ` on ${countWords(devices, 'devices')}` : ''}`;
  return {
    text: format(value),
    value,
    ...unitOf(format),
    detail: `${format(low)} to ${format(high)}, ${sample}`,
    interval: { low, high, n },
    ...(estimated && { aside: 'estimated' }),
    ...(isThin(of) && { isThin: true }),
  };
}

function unitOf(format: Format): Pick<Cell, 'unit'> {
  return format === formatDuration ? { unit: 'ms' } : {};
}
