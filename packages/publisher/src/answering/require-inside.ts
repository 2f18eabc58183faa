import { goldenFiles, parseGolden, parseModelSpec, partsOf } from '@nearside/core';
import { listFiles } from '../files/list-files.js';
import { checkExternalData } from '../packing/external-data.js';
import { findModelFile } from '../packing/model-file.js';
import { fileMissing, readJsonFile } from '../packing/read-json-file.js';
import { parseManifest, weightFiles } from '../packing/tfjs-manifest.js';

/** Files that answers are written to; `golden` itself, if it is a link. */
const WRITTEN = /^(?:golden\.json|baseline\.json|golden(?:\/.*)?)$/;

/**
 * Requires that every file that is read or written for answers lies inside. A link would lead elsewhere.
 *
 * @throws NearsideError `name-unsafe`, `file-missing`, or `model-invalid` for weights that do not lie where an ONNX file says
 */
export async function requireInside(directory: string): Promise<void> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const present = (await listFiles(directory)) ?? [];
  await requireFiles(
    directory,
    present.filter((name) => WRITTEN.test(name)),
  );
  const { cases } = parseGolden(await readJsonFile(directory, 'golden.json'));
  await requireFiles(
    directory,
    cases.flatMap((one) => goldenFiles(one, [])),
  );
  for (const part of spec.variants.flatMap(partsOf)) {
    await requireFiles(directory, part.files);
    if (part.runtime === 'onnx') await checkExternalData(directory, part);
    else await requireFiles(directory, await tfjsFiles(directory, part.files[0] ?? ''));
  }
}

export async function requireFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await findModelFile(directory, name)) === undefined) throw fileMissing(directory, name);
  }
}

async function tfjsFiles(directory: string, model: string): Promise<string[]> {
  return weightFiles(model, parseManifest(await readJsonFile(directory, model), model));
}
