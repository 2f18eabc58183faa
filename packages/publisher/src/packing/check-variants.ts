import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path/posix';
import { type ModelSpec, parse, type Variant } from '@nearside/core';
import * as v from 'valibot';
import { modelInvalid, requireUnique } from './model-invalid.js';

/** The part of a TensorFlow.js model.json that names its weight files. */
const WeightsManifestSchema = v.looseObject({
  weightsManifest: v.array(v.looseObject({ paths: v.array(v.string()) })),
});

/** @throws NearsideError `model-invalid` or `metadata-malformed` */
export async function checkVariants(directory: string, spec: ModelSpec): Promise<void> {
  requireUnique('model.json, inputs', names(spec.inputs));
  requireUnique('model.json, outputs', names(spec.outputs));
  requireUnique('model.json, variants', names(spec.variants));
  for (const variant of spec.variants) {
    if (variant.runtime === 'tfjs') await checkWeightsManifest(directory, variant);
  }
}

/** TensorFlow.js concatenates weight files in manifest order: another order is other weights. */
async function checkWeightsManifest(directory: string, variant: Variant): Promise<void> {
  const [topology = '', ...weights] = variant.files;
  const malformed = { code: 'metadata-malformed', what: topology } as const;
  const json = await readFile(join(directory, topology), 'utf8').then(parseOrUndefined);
  const { weightsManifest } = parse(WeightsManifestSchema, json, malformed);
  const named = weightsManifest
    .flatMap((group) => group.paths)
    .map((path) => join(dirname(topology), path));
  if (named.join() === weights.join()) return;
  throw modelInvalid(
    `model.json, variant '${variant.name}': expected its files to be ${topology} and then what ` +
      `its weightsManifest names, ${named.join(', ')}; got ${weights.join(', ')}.`,
    { variant: variant.name, expected: named, got: weights },
  );
}

/** What is no JSON parses as nothing, which then does not fit the schema. */
function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function names(entries: readonly { readonly name: string }[]): string[] {
  return entries.map(({ name }) => name);
}
