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
import type { Cell, Group, GroupSums } from './rollup-store.js';

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

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/**
 * Adds up cells by part and slot.
 *
 * @param series those of the model, by the ids that the rows have
 * @returns sums in order of time, and then of part
 */
export function sumBySlot(
  rows: Iterable<SlotRow>,
  series: readonly (Group & { readonly id: number })[],
  partOf: (group: Group) => string,
): Cell[] {
  const parts = new Map<number, Map<number, Mutable<Cell>>>();
  const cells = new Map<string, Map<number, Mutable<Cell>>>();
  for (const { id, ...group } of series) {
    const part = partOf(group);
    const bySlot = cells.get(part) ?? new Map();
    cells.set(part, bySlot);
    parts.set(id, bySlot);
  }
  for (const [series, slotMs, reports, ok, failed, weighted, latency] of rows) {
    const bySlot = parts.get(series);
    let cell = bySlot?.get(slotMs);
    if (!cell) {
      cell = emptyCell(slotMs);
      bySlot?.set(slotMs, cell);
    }
    cell.reports += reports;
    cell.ok += ok;
    cell.failed += failed;
    cell.weighted += weighted;
    const { duration } = cell;
    readPacked(latency, undefined, (_path, zeros, sum) => addTo(duration, zeros, sum));
  }
  return [...cells]
    .flatMap(([part, bySlot]) => [...bySlot.values()].map((cell) => ({ ...cell, part })))
    .sort((a, b) => a.slotMs - b.slotMs || compare(a.part, b.part));
}

function emptyCell(slotMs: number): Mutable<Cell> {
  const duration = createHistogram(HISTOGRAM_SCALES['latency.total']);
  return { part: '', slotMs, reports: 0, ok: 0, failed: 0, weighted: 0, duration };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
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
