import { parseJson } from '@nearside/artifact';
import {
  type Golden,
  type ModelSpec,
  NearsideError,
  parseGolden,
  type Variant,
} from '@nearside/core';
import type { OpenedVersion, UnsignedRequest } from '../protocol.js';
import type { InstallIdentity } from '../telemetry/install-identity.js';
import { completeSpec } from './complete-spec.js';
import { deriveVariant } from './derive-variant.js';
import { isOnnx } from './is-onnx.js';
import { readUnverified, type UnverifiedBytes } from './unverified-bytes.js';

/** No bundle was signed, so there is none to name in a report. */
const NO_MANIFEST = '0'.repeat(64);

/** A model as files that nobody vouches for. */
export interface UnsignedVersion {
  readonly spec: ModelSpec;
  /** Undefined where the files have no golden.json: then nothing is proven. */
  readonly golden: Golden | undefined;
  readonly described: OpenedVersion;
  /** @throws NearsideError `model-invalid` or `file-missing` */
  readVariant(variant: Variant): Promise<Map<string, UnverifiedBytes>>;
}

/**
 * @param install of this opening alone: nothing of it is stored
 * @throws NearsideError `metadata-malformed` for a wrong spec; `model-invalid` for what is no model
 */
export async function openUnsignedVersion(
  { files, spec: given }: UnsignedRequest,
  install: InstallIdentity,
): Promise<UnsignedVersion> {
  for (const [name, { size }] of Object.entries(files)) if (size === 0) throw emptyFile(name);
  const sizeBytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  const variant = given.variants === undefined ? await deriveVariant(files) : undefined;
  const spec = completeSpec(given, { variant, sizeBytes });
  const golden = await readGolden(files);
  const { name: model, version, sequence } = spec;
  return {
    spec,
    golden,
    described: {
      release: { model, version, sequence },
      manifestSha256: NO_MANIFEST,
      spec,
      origin: 'files',
      arm: 'stable',
      driftEdges: undefined,
      install,
    },
    async readVariant(variant) {
      const tensors = (golden?.cases ?? []).flatMap(({ inputs, expected }) => [
        ...Object.values(inputs),
        ...Object.values(expected[variant.name] ?? {}),
      ]);
      const names = new Set([...variant.files, ...tensors.map(({ file }) => file)]);
      const read = await Promise.all(
        [...names].map(
          async (name) => [name, await readUnverified(required(files, name))] as const,
        ),
      );
      const bytes = new Map(read);
      const [model = ''] = variant.files;
      if (variant.runtime === 'onnx') requireOnnx(model, bytes.get(model) as UnverifiedBytes);
      return bytes;
    },
  };
}

async function readGolden(files: UnsignedRequest['files']): Promise<Golden | undefined> {
  const file = files['golden.json'];
  if (!file) return undefined;
  const malformed = { code: 'metadata-malformed', what: 'golden.json' } as const;
  return parseGolden(parseJson(await readUnverified(file), malformed));
}

function required(files: UnsignedRequest['files'], name: string): Blob {
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
    {
      details: { file: name },
    },
  );
}

function requireOnnx(name: string, bytes: Uint8Array): void {
  if (isOnnx(bytes)) return;
  throw new NearsideError(
    'model-invalid',
    `${name}: expected an ONNX model, or the model.json of a TensorFlow.js model with its weight ` +
      `files, got ${bytes.length} bytes of something else, or a part of one.`,
    { details: { file: name, sizeBytes: bytes.length } },
  );
}
