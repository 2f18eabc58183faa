import { parseJson } from '@nearside/artifact';
import { NearsideError, type Variant } from '@nearside/core';
import { readUnverified } from './unverified-bytes.js';

/** What a variant is called that the spec does not describe. */
const NAME = 'model';

type Files = Readonly<Record<string, Blob>>;

/**
 * The variant that files make up by themselves: an ONNX model with its external weights beside it,
 * or a TensorFlow.js model, which is JSON, with the weight files it names.
 *
 * @throws NearsideError `model-invalid` when they are neither, or more than one model
 */
export async function deriveVariant(files: Files): Promise<Variant> {
  const names = Object.keys(files);
  const [only] = names;
  const models = names.filter((name) => /\.(onnx|json)$/i.test(name) && !isBeside(name));
  const model = names.length === 1 ? only : models.length === 1 ? models[0] : undefined;
  if (model === undefined) {
    throw invalid(
      `expected one .onnx file or one model.json of TensorFlow.js, or \`variants\` in the spec, got ` +
        names.join(', '),
    );
  }
  if (await isJson(files[model] as Blob)) return deriveTfjs(model, files);
  const weights = names.filter((name) => name !== model && !isBeside(name));
  return { name: NAME, runtime: 'onnx', dtype: 'unknown', files: [model, ...weights] };
}

/** Golden cases come beside a model, they are none of it. */
function isBeside(name: string): boolean {
  return name === 'golden.json' || name.startsWith('golden/');
}

async function isJson(file: Blob): Promise<boolean> {
  return /^\s*\{/.test(await file.slice(0, 64).text());
}

async function deriveTfjs(model: string, files: Files): Promise<Variant> {
  const malformed = { code: 'model-invalid', what: model } as const;
  const json = parseJson(await readUnverified(files[model] as Blob), malformed);
  const { format, modelTopology, weightsManifest } = json as TfjsModel;
  if (typeof modelTopology !== 'object' || !Array.isArray(weightsManifest)) {
    throw invalid(`${model}: expected the model.json of a TensorFlow.js model, got other JSON`);
  }
  const folder = model.slice(0, model.lastIndexOf('/') + 1);
  const paths = weightsManifest.flatMap((group) => group?.paths ?? []);
  const isGraph = format === 'graph-model' || (format === undefined && 'node' in modelTopology);
  return {
    name: NAME,
    runtime: 'tfjs',
    format: isGraph ? 'graph-model' : 'layers-model',
    dtype: 'unknown',
    files: [model, ...paths.map((path) => `${folder}${path}`)],
  };
}

interface TfjsModel {
  readonly format?: string;
  readonly modelTopology?: object;
  readonly weightsManifest?: readonly ({ readonly paths?: readonly string[] } | undefined)[];
}

function invalid(message: string): NearsideError {
  return new NearsideError('model-invalid', `openUnsigned: ${message}.`);
}
