import type { HistogramPath } from '@nearside/core';
import type { Counts, KeptHistogram } from '../counting/counts.js';
import { ByteReader, ByteWriter } from './bytes.js';

type Histograms = NonNullable<Counts['histograms']>;

/** A path is written as its place in this list, so the list only grows at its end. */
const PATHS: readonly HistogramPath[] = [
  'latency.total',
  'latency.queue',
  'latency.pre',
  'latency.run',
  'latency.post',
  'health.coldRuns',
  'health.queueDepth',
  'opens.network',
  'opens.store',
  'opens.rest',
  'score.duration',
  'stream.duration',
];

/**
 * Packs histograms into a fifth of their JSON. Each can be read by itself: the place of its path, the number of bytes
 * that follow, zeros, sum, first bucket, number of buckets, counts.
 */
export function packHistograms(histograms: Histograms): Uint8Array {
  const bytes = new ByteWriter();
  for (const [place, path] of PATHS.entries()) {
    const histogram = histograms[path];
    if (!histogram) continue;
    bytes.integer(place);
    bytes.withLength(() => packOne(bytes, histogram));
  }
  return bytes.written();
}

function packOne(bytes: ByteWriter, { z, sum, b }: KeptHistogram): void {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const key of Object.keys(b)) {
    const bucket = Number(key);
    if (bucket < first) first = bucket;
    if (bucket > last) last = bucket;
  }
  const isEmpty = first > last;
  bytes.integer(z);
  bytes.float(sum);
  bytes.signed(isEmpty ? 0 : first);
  bytes.integer(isEmpty ? 0 : last - first + 1);
  for (let bucket = first; bucket <= last; bucket += 1) bytes.integer(b[bucket] ?? 0);
}

/** Adds packed histograms into `histograms`. */
export function addPacked(histograms: Histograms, packed: Uint8Array): void {
  readPacked(packed, undefined, (path, zeros, sum) => {
    const histogram = histograms[path] ?? { z: 0, sum: 0, b: {} };
    histograms[path] = histogram;
    histogram.z += zeros;
    histogram.sum += sum;
    const { b } = histogram;
    return (bucket, n) => {
      b[bucket] = (b[bucket] ?? 0) + n;
    };
  });
}

/**
 * Reads the histograms of these paths, or all.
 *
 * @param begin called for each histogram; it returns a function that is called for each of its buckets
 */
export function readPacked(
  packed: Uint8Array,
  paths: ReadonlySet<HistogramPath> | undefined,
  begin: (path: HistogramPath, zeros: number, sum: number) => (bucket: number, n: number) => void,
): void {
  const bytes = new ByteReader(packed);
  while (!bytes.isAtEnd) {
    const path = PATHS[bytes.integer()];
    const length = bytes.integer();
    if (!path || (paths && !paths.has(path))) {
      bytes.stepOver(length);
      continue;
    }
    const tell = begin(path, bytes.integer(), bytes.float());
    const first = bytes.signed();
    const buckets = bytes.integer();
    for (let i = 0; i < buckets; i += 1) {
      const n = bytes.integer();
      if (n > 0) tell(first + i, n);
    }
  }
}
