import { isAbsolute, relative, sep } from 'node:path';
import { parseModelSpec } from '@nearside/core';
import { readJsonFile } from '../packing/read-json-file.js';
import { requirementsOf } from '../packing/requirements-of.js';
import { requireNearsidePackage } from '../packing/try-runtime.js';
import { requireWritableModule, writeReferenceModule } from '../reference/reference-module.js';
import { readPackedVersion } from '../repository/reading/packed-version.js';
import { firstFiles } from '../repository/writing/first-request.js';
import { composeSeal } from '../sealing/compose-seal.js';
import { sealedAddress, sealedLine } from '../sealing/sealed-address.js';
import { readSealedFolder } from '../sealing/sealed-folder.js';
import { type WrittenSeal, writeSealed } from '../sealing/write-sealed.js';
import type { PackOptions } from './pack.js';
import { packTemporarily } from './pack-temporarily.js';

export interface SealOptions
  extends Pick<
    PackOptions,
    'modelDirectory' | 'onnxRuntime' | 'isEvaluated' | 'onProgress' | 'onStep'
  > {
  /** Folder of the model: new, empty, or with earlier seals of it. Its address ends in the model's name. */
  readonly out: string;
  /** Address of the folder on the web, as a page gives it; by default `out` below `public/`. */
  readonly url?: string | undefined;
  /** A TypeScript or JavaScript module to write, which exports the model's reference with its types. */
  readonly module?: string | undefined;
  /** Removes all versions but this one. Pages that name another can then open it only from their store. */
  readonly prune?: boolean | undefined;
}

export interface SealedModel extends WrittenSeal {
  readonly directory: string;
  readonly model: string;
  readonly version: string;
  /** A page gives it to `open`: `sha256-` and the hash of the seal, in base64. */
  readonly integrity: string;
  /** Address of the folder, as `open` takes it. */
  readonly url: string;
  /** The line of code that opens the model. */
  readonly open: string;
  /** The module that was written. */
  readonly module?: string | undefined;
  /** Sentences about golden cases that prove nothing, and what ONNX Runtime did not run. */
  readonly notes: readonly string[];
}

/**
 * Writes a model as static files that a page opens by one hash, without keys. Readers may read meanwhile: every file
 * appears whole, and after those it names. Sealing again adds a version. The same model directory gives the same
 * bytes, wherever it is sealed; the sequence in its model.json and an evaluation in its MODEL.md play no part.
 *
 * @throws NearsideError `output-exists`, `version-conflict`, `repository-locked`, a code of `pack`, or `file-missing`
 *   where the package `nearside` is not installed
 * @throws TypeError when the address does not end in the model's name, or `module` lies in the folder or is no
 *   TypeScript or JavaScript
 */
export async function seal({
  modelDirectory,
  out,
  url,
  module,
  prune = false,
  onnxRuntime = 'try',
  isEvaluated = false,
  onProgress,
  onStep,
}: SealOptions): Promise<SealedModel> {
  const spec = parseModelSpec(await readJsonFile(modelDirectory, 'model.json'));
  const address = sealedAddress({ out, url, model: spec.name });
  await requirePlaces({ out, module, model: spec.name });
  if (onnxRuntime === 'try') requireNearsidePackage(spec);
  await using temporary = await packTemporarily({
    modelDirectory,
    onnxRuntime,
    isEvaluated,
    evaluation: false,
    onStep,
  });
  const packed = await readPackedVersion(temporary.directory);
  const { spec: said, golden } = packed;
  const first = firstFiles(said, golden);
  const composed = await composeSeal(packed, { requires: requirementsOf(said), first });
  const written = await writeSealed(packed, composed, { out, prune, onProgress });
  const { integrity } = composed;
  const reference = { url: address, integrity };
  if (module !== undefined) await writeReferenceModule(module, { spec, reference });
  const { model, version } = packed.release;
  const open = sealedLine(address, integrity);
  const { notes } = temporary;
  return { directory: out, model, version, ...reference, open, module, ...written, notes };
}

/** Requires, before the long work, that folder and module can be written. */
async function requirePlaces({
  out,
  module,
  model,
}: Pick<SealOptions, 'out' | 'module'> & { readonly model: string }): Promise<void> {
  if (module !== undefined) {
    requireOutside(out, module);
    await requireWritableModule(module);
  }
  await readSealedFolder(out, model); // throws where anything else lies
}

/** A module in the folder would be in the way of the next seal. */
function requireOutside(out: string, module: string): void {
  const path = relative(out, module);
  if (isAbsolute(path) || path.split(sep)[0] === '..') return;
  throw new TypeError(
    `seal: expected \`module\` outside ${out}, which has sealed versions alone, got '${module}'.`,
  );
}
