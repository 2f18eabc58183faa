import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk, Layout } from '@nearside/core';
import { sha256Hex } from '../sha256-hex.js';
import { compressSlice } from './compress-slice.js';
import { readSlices, sliceSizes } from './slices.js';

/** The one file of a version that no layout lists. */
export const LAYOUT_FILE = 'layout.json';

/** Cuts files into chunks: the content of layout.json. Names keep the order they are given in. */
export async function layOutFiles(directory: string, names: readonly string[]): Promise<Layout> {
  const files: Record<string, Chunk[]> = {};
  for (const name of names) files[name] = await chunksOf(join(directory, name));
  return { format: 1, files };
}

async function chunksOf(path: string): Promise<Chunk[]> {
  const { size } = await stat(path);
  const chunks: Chunk[] = [];
  for await (const slice of readSlices(path, sliceSizes(size))) {
    const gzipped = await compressSlice(slice);
    const sha256 = sha256Hex(slice);
    chunks.push(gzipped ? [sha256, slice.length, gzipped.length] : [sha256, slice.length]);
  }
  return chunks;
}
