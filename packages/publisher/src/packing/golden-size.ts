import { join } from 'node:path';
import { type Golden, goldenFiles, type ModelSpec, sessionFiles, sum } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { sizeOf } from '../files/stat-path.js';

/** Limits of golden files, because every device fetches them. `golden.py` has the same numbers. */
export const GOLDEN_LIMITS = Object.freeze({ share: 0.02, bytes: 32 * 1024 });

export interface GoldenSize {
  readonly goldenBytes: number;
  readonly weightBytes: number;
}

/**
 * Weighs the golden files of what ships of a version, each once.
 *
 * @throws NearsideError `model-invalid` when they take more than 2 % of all weights, and more than 32 KiB
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
  const limit = Math.max(GOLDEN_LIMITS.bytes, Math.floor(GOLDEN_LIMITS.share * weightBytes));
  if (goldenBytes <= limit) return { goldenBytes, weightBytes };
  throw modelInvalid(
    `golden.json: expected files of at most ${limit} bytes together (2 % of the weights, or 32 KiB), got ` +
      `${goldenBytes}, which every device would fetch. Use fewer or smaller cases, or inputs with a \`seed\` ` +
      'instead of a file (docs/model-json.md).',
    { goldenBytes, weightBytes, limit },
  );
}
