import { join } from 'node:path';
import {
  elementCount,
  type Golden,
  goldenFiles,
  type ModelSpec,
  ONNX_WEIGHT_TYPES,
  partsOf,
  sessionFiles,
  sum,
  type Variant,
} from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { sizeOf } from '../files/stat-path.js';
import { readTensors } from './locate-tensors.js';

/** Limits of golden files, because every device fetches them. `golden.py` has the same numbers. */
export const GOLDEN_LIMITS = Object.freeze({ share: 0.02, bytes: 32 * 1024 });

export interface GoldenSize {
  readonly goldenBytes: number;
  readonly weightBytes: number;
}

/**
 * Weighs the golden files of what ships of a version, each once. A model whose weights are stored in fewer bits answers
 * with as many numbers, so the limit goes by weights as floats.
 *
 * @throws NearsideError `model-invalid` when they take more than 2 % of all weights as floats, and more than 32 KiB
 */
export async function weighGolden(
  directory: string,
  spec: ModelSpec,
  golden: Golden,
): Promise<GoldenSize> {
  const weigh = async (names: readonly string[]) =>
    sum(await Promise.all([...new Set(names)].map((name) => sizeOf(join(directory, name)))));
  const shipped = spec.variants.filter(({ ships = true }) => ships);
  const names = shipped.map(({ name }) => name);
  const goldenBytes = await weigh(golden.cases.flatMap((one) => goldenFiles(one, names)));
  const weightBytes = await weigh(shipped.flatMap(sessionFiles));
  if (goldenBytes <= limitOf(weightBytes)) return { goldenBytes, weightBytes };
  const limit = limitOf(Math.max(weightBytes, await bytesAsFloats(directory, shipped)));
  if (goldenBytes <= limit) return { goldenBytes, weightBytes };
  throw modelInvalid(
    `golden.json: expected files of at most ${limit} bytes together (2 % of the weights as floats, or 32 KiB), got ` +
      `${goldenBytes}, which every device would fetch. Use fewer or smaller cases, or inputs with a \`seed\` ` +
      'instead of a file (docs/model-json.md).',
    { goldenBytes, weightBytes, limit },
  );
}

function limitOf(weightBytes: number): number {
  return Math.max(GOLDEN_LIMITS.bytes, Math.floor(GOLDEN_LIMITS.share * weightBytes));
}

/** Those of ONNX files that are understood. */
async function bytesAsFloats(directory: string, variants: readonly Variant[]): Promise<number> {
  const parts = variants.flatMap(partsOf).filter(({ runtime }) => runtime === 'onnx');
  const models = [...new Set(parts.map(({ files }) => files[0] as string))];
  const tensors = await Promise.all(models.map((model) => readTensors(directory, model)));
  const weights = tensors.flatMap((of) => of ?? []).filter(isWeight);
  return sum(weights.map(({ shape }) => elementCount(shape) * Float32Array.BYTES_PER_ELEMENT));
}

function isWeight({ dataType }: { readonly dataType: number }): boolean {
  return dataType in ONNX_WEIGHT_TYPES;
}
