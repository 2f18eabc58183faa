import { join } from 'node:path';
import { type Chunk, type Layout, sum, type Variant } from '@nearside/core';
import { sha256Hex } from '../files/digests.js';
import { type OnProgress, readSlices, sliceSizes } from '../files/slices.js';
import { sizeOf } from '../files/stat-path.js';
import { compressSlice } from './compress-slice.js';
import { cutAtTensors, nameBySlice } from './cut-at-tensors.js';
import { locateTensors } from './locate-tensors.js';

/**
 * Cuts files into chunks, for layout.json. Weights are cut between their tensors, other files into slices of 4 MiB.
 * Names keep their order.
 */
export async function layOutFiles(
  directory: string,
  names: readonly string[],
  { variants, onProgress }: { variants: readonly Variant[]; onProgress: OnProgress },
): Promise<Layout> {
  const located = await locateTensors(directory, variants);
  const files: Record<string, Chunk[]> = {};
  const tensors: Record<string, string[][]> = {};
  const fileBytes = await Promise.all(names.map((name) => sizeOf(join(directory, name))));
  const totalBytes = sum(fileBytes);
  let doneBytes = 0;
  for (const [i, name] of names.entries()) {
    const size = fileBytes[i] as number;
    const extents = located.get(name) ?? [];
    const sizes = extents.length > 0 ? cutAtTensors(size, extents) : sliceSizes(size);
    if (extents.length > 0) tensors[name] = nameBySlice(sizes, extents);
    const chunks: Chunk[] = [];
    for await (const slice of readSlices(join(directory, name), sizes)) {
      chunks.push(chunkOf(slice));
      doneBytes += slice.length;
      onProgress({ doneBytes, totalBytes });
    }
    files[name] = chunks;
  }
  return Object.keys(tensors).length > 0 ? { format: 1, files, tensors } : { format: 1, files };
}

/** Cuts files that `pack` makes itself, by name. */
export async function layOutBytes(
  made: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<Record<string, Chunk[]>> {
  const files: Record<string, Chunk[]> = {};
  for (const [name, bytes] of made) {
    const chunks: Chunk[] = [];
    let offset = 0;
    for (const sizeBytes of sliceSizes(bytes.length)) {
      chunks.push(chunkOf(bytes.slice(offset, offset + sizeBytes)));
      offset += sizeBytes;
    }
    files[name] = chunks;
  }
  return files;
}

function chunkOf(slice: Uint8Array<ArrayBuffer>): Chunk {
  const gzipped = compressSlice(slice);
  const sha256 = sha256Hex(slice);
  return gzipped ? [sha256, slice.length, gzipped.length] : [sha256, slice.length];
}
