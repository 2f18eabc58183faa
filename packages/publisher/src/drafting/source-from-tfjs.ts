import { basename, join, resolve } from 'node:path';
import { elementCount, FileNameSchema } from '@nearside/core';
import { is } from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';
import { modelFileName } from '../packing/model-file.js';
import { parseManifest, type WeightGroup, weightFiles } from '../packing/tfjs-manifest.js';
import type { SourceModel } from './draft-spec.js';
import { readGraphTensors } from './tfjs-graph-tensors.js';
import { readLayersTensors } from './tfjs-layers-tensors.js';

const TOPOLOGY = 'model.json';

const VARIANT_NAMES: Readonly<Record<string, string>> = { float32: 'fp32', float16: 'fp16' };

/**
 * A TensorFlow.js directory: model.json and the weight files it names.
 *
 * @param document the content of model.json
 * @throws NearsideError `model-invalid`, `metadata-malformed` or `name-unsafe`
 */
export async function sourceFromTfjs(path: string, document: object): Promise<SourceModel> {
  const groups = parseManifest(document, join(path, TOPOLOGY));
  const isGraph = 'format' in document && document.format === 'graph-model';
  const tensors = isGraph ? readGraphTensors(document) : readLayersTensors(document);
  for (const location of groups.flatMap((group) => group.paths)) {
    modelFileName('', location, `${TOPOLOGY}, weightsManifest`);
  }
  const paths = [TOPOLOGY, ...weightFiles(TOPOLOGY, groups)];
  const files = paths.map((file) => requireSafe(`tfjs/${file}`));
  const dtype = dtypeOf(groups);
  return {
    title: basename(resolve(path)),
    task: 'tensors',
    ...tensors,
    preprocessing: [],
    postprocessing: [],
    variants: [
      {
        name: dtype,
        runtime: 'tfjs',
        format: isGraph ? 'graph-model' : 'layers-model',
        dtype,
        files,
      },
    ],
    weights: new Map(paths.map((file) => [`tfjs/${file}`, join(path, file)])),
  };
}

function requireSafe(name: string): string {
  if (is(FileNameSchema, name)) return name;
  throw modelInvalid(
    `${TOPOLOGY}, weightsManifest: expected files beside it, their names of letters, digits, '.', ` +
      `'_' and '-', got '${name}'. Rename it there and on disk.`,
    { file: name },
  );
}

/** @returns the type in which most values are stored */
function dtypeOf(groups: readonly WeightGroup[]): string {
  const elements = new Map<string, number>();
  for (const { dtype, shape, quantization } of groups.flatMap(({ weights }) => weights)) {
    const stored = quantization?.dtype ?? dtype;
    elements.set(stored, (elements.get(stored) ?? 0) + elementCount(shape));
  }
  const [most] = [...elements].sort((a, b) => b[1] - a[1]);
  const stored = most?.[0] ?? 'float32';
  return VARIANT_NAMES[stored] ?? stored;
}
