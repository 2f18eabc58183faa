import { parseJson } from '@nearside/artifact';
import {
  filesBesideModels,
  type Golden,
  isModelName,
  type ModelSpec,
  NearsideError,
  parseGolden,
  parseModelSpec,
  partsOf,
  resourceFiles,
  SPEC_FORMAT,
  type Variant,
} from '@nearside/core';
import type { InstallIdentity } from '../shared/install.js';
import type { UnsignedModel } from '../shared/protocol.js';
import {
  chunkUnverified,
  readUnverified,
  type UnverifiedBytes,
} from './backends/unverified-bytes.js';
import { proofFiles } from './golden-check.js';
import type { UnsignedVersion } from './hosted-version.js';
import { isOnnx, typeOfWeights, UNKNOWN } from './onnx-file.js';
import { SELF_CHECK } from './self-check.js';

/** No bundle was signed, so there is none to name in a report. */
const NO_MANIFEST = '0'.repeat(64);

/**
 * Opens a model as files that nobody vouches for. All of it is here already, and nothing of it stays.
 *
 * @param install of this opening alone: nothing of it is stored
 * @throws NearsideError `metadata-malformed` for a wrong spec; `model-invalid` for what is no model; reading
 *   it later, `model-invalid` or `file-missing`
 */
export async function openUnsignedVersion(
  { files, spec: given, fetchedBytes, fetchMs = 0, wantsComparison }: UnsignedModel,
  install: InstallIdentity,
): Promise<UnsignedVersion> {
  for (const [name, { size }] of Object.entries(files)) if (size === 0) throw emptyFile(name);
  const sizeBytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  const resources = Object.values(given.resources ?? {});
  const ofModel = Object.entries(files).filter(([name]) => !resources.includes(name));
  const variant =
    given.variants === undefined ? await deriveVariant(Object.fromEntries(ofModel)) : undefined;
  const spec = completeSpec(given, { variant, sizeBytes });
  const golden = await readGolden(files);
  const { name: model, version, sequence } = spec;

  async function readWhole(names: readonly string[]): Promise<Map<string, UnverifiedBytes>> {
    const read = [...new Set(names)].map(
      async (name) => [name, await readUnverified(required(files, name))] as const,
    );
    return new Map(await Promise.all(read));
  }

  function readChunked(names: readonly string[]) {
    return new Map(names.map((name) => [name, chunkUnverified(required(files, name))] as const));
  }

  return {
    spec,
    golden,
    selfCheck: wantsComparison && !golden ? SELF_CHECK : undefined,
    graphs: [],
    fileBytes: {},
    provenBy: [],
    described: {
      release: { model, version, sequence },
      manifestSha256: NO_MANIFEST,
      spec,
      origin: 'files',
      assignment: undefined,
      isCommon: false,
      install,
    },
    missingBytes: async () => 0,
    async fetch() {},
    async readVariant(variant, progress) {
      progress.expect('weights', 0);
      const proofs = golden ? proofFiles(golden, { spec, variant, scope: 'all' }) : [];
      const weights = readChunked(filesBesideModels(variant));
      const models = partsOf(variant).map(({ files }) => files[0] ?? '');
      const read = await readWhole([...models, ...resourceFiles(spec), ...proofs]);
      if (variant.runtime === 'onnx') {
        for (const model of models) requireOnnx(model, read.get(model) as UnverifiedBytes);
      }
      return {
        variant: withWeightsType(variant, read),
        files: read,
        weights,
        fetchedBytes,
        fetchMs,
        baseline: undefined,
      };
    },
    readWhole,
    readChunked: async (names) => readChunked(names),
    async activate() {},
  };
}

async function readGolden(files: UnsignedModel['files']): Promise<Golden | undefined> {
  const file = files['golden.json'];
  if (!file) return undefined;
  const malformed = { code: 'metadata-malformed', what: 'golden.json' } as const;
  return parseGolden(parseJson(await readUnverified(file), malformed));
}

function required(files: UnsignedModel['files'], name: string): Blob {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file) return file;
  throw new NearsideError(
    'file-missing',
    `openUnsigned: expected a file '${name}', which the model names, got only ` +
      `${Object.keys(files).join(', ')}.`,
    { details: { file: name } },
  );
}

function emptyFile(name: string): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${name}: expected a file of a model, got an empty one.`,
    { details: { file: name } },
  );
}

function requireOnnx(name: string, bytes: Uint8Array): void {
  if (isOnnx(bytes)) return;
  const isTflite = new TextDecoder().decode(bytes.subarray(4, 8)) === 'TFL3';
  const got = isTflite
    ? 'a TFLite file. `nearside seal` writes it as ONNX'
    : `${bytes.length} bytes of something else, or a part of one`;
  throw new NearsideError(
    'model-invalid',
    `${name}: expected an ONNX model, or the model.json of a TensorFlow.js model with its weight ` +
      `files, got ${got}.`,
    { details: { file: name, sizeBytes: bytes.length } },
  );
}

/** A variant that nobody has described has its type from its file. */
function withWeightsType(variant: Variant, files: ReadonlyMap<string, UnverifiedBytes>): Variant {
  const model = files.get(variant.files[0] ?? '');
  if (variant.runtime !== 'onnx' || variant.dtype !== UNKNOWN || !model) return variant;
  return { ...variant, dtype: typeOfWeights(model) };
}

/** Name of a variant that the spec does not describe. */
const NAME = 'model';

type Files = Readonly<Record<string, Blob>>;

/**
 * The variant that files make up by themselves: an ONNX model with its external weights beside it,
 * or a TensorFlow.js model, which is JSON, with the weight files it names.
 *
 * @throws NearsideError `model-invalid` when they are neither, or more than one model
 */
export async function deriveVariant(files: Files): Promise<Variant> {
  const names = Object.keys(files).filter((name) => !isBeside(name));
  const [only] = names;
  const models = names.filter((name) => /\.(onnx|json)$/i.test(name));
  const model = names.length === 1 ? only : models.length === 1 ? models[0] : undefined;
  if (model === undefined) {
    throw invalid(
      `expected one .onnx file or one model.json of TensorFlow.js, or \`variants\` in the spec, got ` +
        names.join(', '),
    );
  }
  if (await isJson(files[model] as Blob)) return deriveTfjs(model, files);
  const weights = names.filter((name) => name !== model);
  return { name: NAME, runtime: 'onnx', dtype: UNKNOWN, files: [model, ...weights] };
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
  if (!isTfjsModel(json)) {
    throw invalid(`${model}: expected the model.json of a TensorFlow.js model, got other JSON`);
  }
  const { format, modelTopology, weightsManifest } = json;
  const folder = model.slice(0, model.lastIndexOf('/') + 1);
  const paths = weightsManifest.flatMap(({ paths }) => paths);
  const isGraph = format === 'graph-model' || (format === undefined && 'node' in modelTopology);
  return {
    name: NAME,
    runtime: 'tfjs',
    format: isGraph ? 'graph-model' : 'layers-model',
    dtype: UNKNOWN,
    files: [model, ...paths.map((path) => `${folder}${path}`)],
  };
}

interface TfjsModel {
  readonly format?: string;
  readonly modelTopology: object;
  readonly weightsManifest: readonly { readonly paths: readonly string[] }[];
}

function isTfjsModel(json: unknown): json is TfjsModel {
  const { modelTopology, weightsManifest } = json as Partial<TfjsModel>;
  if (typeof modelTopology !== 'object' || modelTopology === null) return false;
  if (!Array.isArray(weightsManifest)) return false;
  return weightsManifest.every((group: Partial<TfjsModel['weightsManifest'][0]> | null) => {
    const paths: unknown = group?.paths;
    return Array.isArray(paths) && paths.every((path) => typeof path === 'string');
  });
}

function invalid(message: string): NearsideError {
  return new NearsideError('model-invalid', `openUnsigned: ${message}.`);
}

/** Stands in where the file itself will tell; taken out again. */
const UNKNOWN_TENSORS = [{ name: 'unknown', datatype: 'FP32', shape: [] }];

const UNKNOWN_VARIANTS = [
  { name: 'unknown', runtime: 'onnx', dtype: 'unknown', files: ['unknown'] },
];

/**
 * A spec as strict as model.json from one in which everything that can be derived may be missing.
 *
 * @param variant what the files make up by themselves
 * @returns `inputs` and `outputs` are empty where the file itself has to say
 * @throws NearsideError `metadata-malformed`
 */
export function completeSpec(
  given: Readonly<Record<string, unknown>>,
  { variant, sizeBytes }: { variant: Variant | undefined; sizeBytes: number },
): ModelSpec {
  const spec = parseModelSpec(
    {
      format: SPEC_FORMAT,
      name: modelName(variant?.files[0]),
      version: '0.0.0',
      task: 'tensors',
      ...(!given.stages && { inputs: UNKNOWN_TENSORS, outputs: UNKNOWN_TENSORS }),
      variants: UNKNOWN_VARIANTS,
      limits: { memoryBytes: Math.max(1, sizeBytes) },
      ...given,
      sequence: given.sequence || 1,
    },
    'the spec',
  );
  return {
    ...spec,
    sequence: given.sequence ? spec.sequence : 0,
    inputs: given.inputs ? spec.inputs : [],
    outputs: given.outputs ? spec.outputs : [],
    // A file that a user picked is called as it is; names in a spec are safe ones.
    variants: variant ? [variant] : spec.variants,
  };
}

/** `My Model (2).onnx` → `my-model-2` */
function modelName(file = ''): string {
  const base = file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
  return isModelName(name) ? name : 'model';
}
