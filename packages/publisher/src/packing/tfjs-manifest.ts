import { dirname, join } from 'node:path/posix';
import { elementCount, parse } from '@nearside/core';
import * as v from 'valibot';
import type { TensorExtent } from './cut-at-tensors.js';

const WeightSchema = v.looseObject({
  name: v.string(),
  dtype: v.string(),
  shape: v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  /** Present if the file holds the values in fewer bits than `dtype` has. */
  quantization: v.optional(v.looseObject({ dtype: v.string() })),
});

const GroupSchema = v.looseObject({ paths: v.array(v.string()), weights: v.array(WeightSchema) });

/** The part of a TensorFlow.js model.json that describes its weight files. */
const ManifestSchema = v.looseObject({ weightsManifest: v.array(GroupSchema) });

export type WeightGroup = v.InferOutput<typeof GroupSchema>;

/** Bytes of one stored element. Strings have no fixed size. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
  int32: 4,
  float32: 4,
  complex64: 8,
};

/** @throws NearsideError `metadata-malformed` */
export function parseManifest(value: unknown, what: string): WeightGroup[] {
  return parse(ManifestSchema, value, { code: 'metadata-malformed', what }).weightsManifest;
}

/** Names of the weight files in manifest order, relative to the same folder as the name of model.json. */
export function weightFiles(topology: string, groups: readonly WeightGroup[]): string[] {
  return groups.flatMap(({ paths }) => paths).map((path) => join(dirname(topology), path));
}

/**
 * Locates the weights of a group in its files. TensorFlow.js joins the files and reads the weights one after the
 * other, without padding.
 *
 * @param fileBytes the size of each file of `paths`
 * @returns by path; undefined if the sizes are unknown or do not add up
 */
export function locateWeights(
  { paths, weights }: WeightGroup,
  fileBytes: readonly number[],
): Map<string, TensorExtent[]> | undefined {
  const located = new Map<string, TensorExtent[]>(paths.map((path) => [path, []]));
  const sizes = weights.map(storedBytes);
  const total = fileBytes.reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  if (sizes.reduce((sum, sizeBytes) => sum + sizeBytes, 0) !== total) return undefined;
  let [file, fileStart, position] = [0, 0, 0];
  for (const [i, { name }] of weights.entries()) {
    const end = position + (sizes[i] as number);
    const begin = position;
    while (position < end) {
      const fileEnd = fileStart + (fileBytes[file] as number);
      if (position === fileEnd) {
        [file, fileStart] = [file + 1, fileEnd];
        continue;
      }
      const sizeBytes = Math.min(end, fileEnd) - position;
      const extent = { name, offset: position - fileStart, sizeBytes };
      const extents = located.get(paths[file] as string);
      extents?.push(position === begin ? extent : { ...extent, continued: true });
      position += sizeBytes;
    }
  }
  return located;
}

/** NaN for a type whose elements have no fixed size. */
export function storedBytes({
  dtype,
  shape,
  quantization,
}: WeightGroup['weights'][number]): number {
  return elementCount(shape) * (ELEMENT_BYTES[quantization?.dtype ?? dtype] ?? Number.NaN);
}
