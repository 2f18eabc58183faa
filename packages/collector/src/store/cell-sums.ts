import {
  addToBucket,
  createHistogram,
  HISTOGRAM_SCALES,
  type Histogram,
  type HistogramPath,
} from '@nearside/core';
import { addCounts, type Counts } from '../counting/counts.js';
import type { CountsRow } from './kept-rows.js';
import { readPacked } from './packed-histograms.js';
import {
  CELL_LENGTHS,
  type Cell,
  type CellQuery,
  type Group,
  type GroupSums,
} from './rollup-store.js';

/** Returns the length of the longest cells that fit a question. */
export function lengthFor({ fromMs, toMs, stepMs }: Omit<CellQuery, 'model' | 'partOf'>): number {
  const fitting = CELL_LENGTHS.filter(({ ms }) =>
    [fromMs, toMs, stepMs].every((time) => time % ms === 0),
  );
  return (fitting.at(-1) ?? CELL_LENGTHS[0]).ms;
}

/** Covers a range with the fewest cells. */
export function coverRange(
  fromMs: number,
  toMs: number,
  lengths: readonly number[] = CELL_LENGTHS.map(({ ms }) => ms).reverse(),
): { length: number; fromMs: number; toMs: number }[] {
  const [length, ...shorter] = lengths;
  if (length === undefined || fromMs >= toMs) return [];
  const first = shorter.length === 0 ? fromMs : Math.ceil(fromMs / length) * length;
  const last = shorter.length === 0 ? toMs : Math.floor(toMs / length) * length;
  if (first >= last) return coverRange(fromMs, toMs, shorter);
  return [
    ...coverRange(fromMs, first, shorter),
    { length, fromMs: first, toMs: last },
    ...coverRange(last, toMs, shorter),
  ];
}

/** A cell with the slot that it is added to. It is a list, because there are many. */
export type SlotRow = readonly [
  series: number,
  slotMs: number,
  reports: number,
  ok: number,
  failed: number,
  weighted: number,
  latency: Uint8Array,
];

/** The cells of a part of a fleet, by slot. */
interface PartSlots {
  readonly name: string;
  readonly slots: Map<number, { -readonly [Key in keyof Cell]: Cell[Key] }>;
}

/**
 * Adds up cells by part and slot.
 *
 * @param series those of the model, by the ids that the rows have
 */
export function sumBySlot(
  rows: Iterable<SlotRow>,
  series: readonly (Group & { readonly id: number })[],
  partOf: (group: Group) => string,
): Cell[] {
  const parts = new Map<string, PartSlots>();
  const ofSeries = new Map<number, PartSlots>();
  for (const { id, ...group } of series) {
    const name = partOf(group);
    const part = parts.get(name) ?? { name, slots: new Map() };
    parts.set(name, part);
    ofSeries.set(id, part);
  }
  for (const [id, slotMs, reports, ok, failed, weighted, latency] of rows) {
    const part = ofSeries.get(id);
    if (!part) continue;
    let cell = part.slots.get(slotMs);
    if (!cell) {
      const duration = createHistogram(HISTOGRAM_SCALES['latency.total']);
      cell = { part: part.name, slotMs, reports: 0, ok: 0, failed: 0, weighted: 0, duration };
      part.slots.set(slotMs, cell);
    }
    cell.reports += reports;
    cell.ok += ok;
    cell.failed += failed;
    cell.weighted += weighted;
    const { duration } = cell;
    readPacked(latency, undefined, (_path, zeros, sum) => addTo(duration, zeros, sum));
  }
  const cells = [...parts.values()].flatMap(({ slots }) => [...slots.values()]);
  return cells.sort((a, b) => a.slotMs - b.slotMs || (a.part < b.part ? -1 : 1));
}

/** Sums of a range by version, backend and device. */
export type SumsByGroup = Map<
  string,
  GroupSums & { readonly histograms: Map<HistogramPath, Histogram> }
>;

/** Adds cells to the sums of their groups, with the histograms of these paths. */
export function addByGroup(
  sums: SumsByGroup,
  rows: Iterable<Group & CountsRow>,
  paths: ReadonlySet<HistogramPath>,
): void {
  for (const { version, backend, device, counts, histograms } of rows) {
    const key = `${version} ${backend} ${device}`;
    const found = sums.get(key);
    const group = found ?? { version, backend, device, counts: {}, histograms: new Map() };
    if (!found) sums.set(key, group);
    addCounts(group.counts, JSON.parse(counts) as Counts);
    readPacked(histograms, paths, (path, zeros, sum) => {
      const own = group.histograms.get(path) ?? createHistogram(HISTOGRAM_SCALES[path]);
      group.histograms.set(path, own);
      return addTo(own, zeros, sum);
    });
  }
}

function addTo(histogram: Histogram, zeros: number, sum: number) {
  histogram.zeros += zeros;
  histogram.sum += sum;
  return (bucket: number, n: number) => addToBucket(histogram, bucket, n);
}
