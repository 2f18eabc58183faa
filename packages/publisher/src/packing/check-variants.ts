import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { type ModelSpec, partsOf, stagesOf, type Variant } from '@nearside/core';
import { modelInvalid, namesOf, requireUnique } from '../errors/model-invalid.js';
import { checkExternalData } from './external-data.js';
import { freeAxes } from './locate-tensors.js';
import { modelFileName } from './model-file.js';
import { parseManifest, weightFiles } from './tfjs-manifest.js';

/** @throws NearsideError `model-invalid`, `metadata-malformed` or `name-unsafe` */
export async function checkVariants(directory: string, spec: ModelSpec): Promise<void> {
  for (const { name, inputs, outputs } of stagesOf(spec)) {
    const where = name === '' ? 'model.json' : `model.json, stage '${name}'`;
    requireUnique(`${where}, inputs`, namesOf(inputs));
    requireUnique(`${where}, outputs`, namesOf(outputs));
  }
  requireUnique('model.json, variants', namesOf(spec.variants));
  for (const variant of spec.variants.flatMap(partsOf)) {
    if (variant.runtime === 'tfjs') await checkWeightsManifest(directory, variant);
    else {
      await checkExternalData(directory, variant);
      await checkDimensions(directory, variant);
    }
  }
}

/** A pinned axis must be free in the file. A misspelt name would silently pin nothing. */
async function checkDimensions(
  directory: string,
  { name, files, ...rest }: Variant,
): Promise<void> {
  const dimensions = 'dimensions' in rest ? Object.keys(rest.dimensions ?? {}) : [];
  const [model = ''] = files;
  const free = dimensions.length > 0 ? await freeAxes(directory, model) : undefined;
  const unknown = free && dimensions.find((dimension) => !free.includes(dimension));
  if (unknown === undefined) return;
  throw modelInvalid(
    `model.json, variant '${name}': expected its dimensions to be axes that ${model} leaves free, ` +
      `${free?.join(', ') || 'none'}; got ${unknown}.`,
    { variant: name, expected: free, got: unknown },
  );
}

/** TensorFlow.js concatenates weight files in manifest order. Another order gives other weights. */
async function checkWeightsManifest(directory: string, variant: Variant): Promise<void> {
  const [topology = '', ...weights] = variant.files;
  const json = await readFile(join(directory, topology), 'utf8').then(parseOrUndefined);
  const groups = parseManifest(json, topology);
  for (const path of groups.flatMap(({ paths }) => paths)) {
    modelFileName(dirname(topology), path, `${topology}, weightsManifest`);
  }
  const named = weightFiles(topology, groups);
  if (named.join() === weights.join()) return;
  throw modelInvalid(
    `model.json, variant '${variant.name}': expected its files to be ${topology} and then what ` +
      `its weightsManifest names, ${named.join(', ')}; got ${weights.join(', ')}.`,
    { variant: variant.name, expected: named, got: weights },
  );
}

/** Text that is not JSON parses as undefined, which does not fit the schema. */
function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
