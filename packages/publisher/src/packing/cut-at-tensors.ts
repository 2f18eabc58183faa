import { MAX_CHUNK_BYTES } from '@nearside/core';

/** The place of a tensor in a file, or of the part of it that lies there. */
export interface TensorExtent {
  readonly name: string;
  /** In bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** The tensor began in the file before this one, and is not named again. */
  readonly continued?: true;
}

/** Measured on transformers of 24 layers, one layer changed: see docs/packing.md for the figures. */
export const CUT_LIMITS = Object.freeze({
  /** A tensor of this size or more lies in chunks of its own. */
  ownChunkBytes: 64 * 1024,
  /** Smaller tensors, and bytes between tensors, share chunks up to this size. */
  sharedChunkBytes: 256 * 1024,
});

/**
 * Sizes of the consecutive slices of a file whose tensors are known. A boundary stands before and after every tensor
 * of 64 KiB or more, so that a changed tensor changes no other's chunk. Smaller ones share chunks of up to 256 KiB,
 * cut between tensors. No slice is above 4 MiB.
 *
 * @param tensors in any order; they may overlap, as tied weights do
 */
export function cutAtTensors(fileBytes: number, tensors: readonly TensorExtent[]): number[] {
  const large = tensors.filter(({ sizeBytes }) => sizeBytes >= CUT_LIMITS.ownChunkBytes);
  const edges = sorted([0, fileBytes, ...large.flatMap(edgesOf)]);
  const isOwned = coverage(large);
  const ends = sorted(tensors.map(({ offset, sizeBytes }) => offset + sizeBytes));
  let next = 0;
  const cuts = edges.slice(1).flatMap((end, i) => {
    const start = edges[i] as number;
    const inside: number[] = [];
    for (; next < ends.length && (ends[next] as number) < end; next++) {
      if ((ends[next] as number) > start) inside.push(ends[next] as number);
    }
    return cutRuns(start, isOwned(start, end) ? [end] : poolStops(start, end, inside));
  });
  return cuts.length === 0 ? [0] : cuts.map((cut, i) => cut - (cuts[i - 1] ?? 0));
}

/** By slice, the names of the tensors that begin in it. */
export function nameBySlice(
  sizes: readonly number[],
  tensors: readonly TensorExtent[],
): string[][] {
  const inOrder = tensors
    .filter(({ continued }) => !continued)
    .sort((a, b) => a.offset - b.offset || (a.name < b.name ? -1 : 1));
  let end = 0;
  let next = 0;
  return sizes.map((sizeBytes, i) => {
    end += sizeBytes;
    const last = i === sizes.length - 1;
    const first = next;
    while (next < inOrder.length && (last || (inOrder[next] as TensorExtent).offset < end)) next++;
    return inOrder.slice(first, next).map(({ name }) => name);
  });
}

/**
 * Makes a function that tells whether a tensor covers a range; ranges must ascend. A file may claim hundreds of
 * thousands of overlapping tensors, and each is looked at once.
 */
function coverage(tensors: readonly TensorExtent[]): (start: number, end: number) => boolean {
  const inOrder = [...tensors].sort((a, b) => a.offset - b.offset);
  let next = 0;
  let reach = 0;
  return (start, end) => {
    for (; next < inOrder.length && (inOrder[next] as TensorExtent).offset <= start; next++) {
      const { offset, sizeBytes } = inOrder[next] as TensorExtent;
      reach = Math.max(reach, offset + sizeBytes);
    }
    return end <= reach;
  };
}

/**
 * @returns ends of the runs between two offsets, each of as many small tensors as fit one shared chunk
 *
 * @param ends of the tensors that end between them, ascending
 */
function poolStops(start: number, end: number, ends: readonly number[]): number[] {
  const stops: number[] = [];
  let from = start;
  let previous = start;
  for (const stop of [...ends, end]) {
    if (stop - from > CUT_LIMITS.sharedChunkBytes && previous > from) {
      stops.push(previous);
      from = previous;
    }
    previous = stop;
  }
  return [...stops, end];
}

/** Cuts each run from one stop to the next into pieces of at most 4 MiB. */
function cutRuns(start: number, stops: readonly number[]): number[] {
  return stops.flatMap((stop, i) => {
    const from = stops[i - 1] ?? start;
    const pieces = Math.ceil((stop - from) / MAX_CHUNK_BYTES);
    return Array.from({ length: pieces }, (_, k) =>
      Math.min(stop, from + (k + 1) * MAX_CHUNK_BYTES),
    );
  });
}

function edgesOf({ offset, sizeBytes }: TensorExtent): number[] {
  return [offset, offset + sizeBytes];
}

function sorted(offsets: readonly number[]): number[] {
  return [...new Set(offsets)].sort((a, b) => a - b);
}
