import { parseJson } from '@nearside/artifact';
import {
  type Golden,
  NearsideError,
  parseGolden,
  partsOf,
  resourceFiles,
  weightFiles,
} from '@nearside/core';
import type { InstallIdentity, UnsignedFiles } from '../shared/protocol.js';
import { readUnverified, type UnverifiedBytes } from './backends/backend.js';
import { completeSpec, deriveVariant, isOnnx } from './describe-files.js';
import { proofFiles } from './golden-check.js';
import type { UnsignedVersion } from './hosted-version.js';

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
  { files, spec: given }: UnsignedFiles,
  install: InstallIdentity,
): Promise<UnsignedVersion> {
  for (const [name, { size }] of Object.entries(files)) if (size === 0) throw emptyFile(name);
  const sizeBytes = Object.values(files).reduce((sum, { size }) => sum + size, 0);
  const variant = given.variants === undefined ? await deriveVariant(files) : undefined;
  const spec = completeSpec(given, { variant, sizeBytes });
  const golden = await readGolden(files);
  const { name: model, version, sequence } = spec;

  async function readFiles(names: readonly string[]): Promise<Map<string, UnverifiedBytes>> {
    const read = [...new Set(names)].map(
      async (name) => [name, await readUnverified(required(files, name))] as const,
    );
    return new Map(await Promise.all(read));
  }

  return {
    spec,
    golden,
    graphs: [],
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
    async readVariant(variant) {
      const proofs = golden ? proofFiles(golden, { spec, variant, scope: 'all' }) : [];
      const read = await readFiles([...weightFiles(variant), ...resourceFiles(spec), ...proofs]);
      for (const { runtime, files } of partsOf(variant)) {
        const [model = ''] = files;
        if (runtime === 'onnx') requireOnnx(model, read.get(model) as UnverifiedBytes);
      }
      return { files: read, fetchedBytes: 0, baseline: undefined };
    },
    readFiles,
    async activate() {},
  };
}

async function readGolden(files: UnsignedFiles['files']): Promise<Golden | undefined> {
  const file = files['golden.json'];
  if (!file) return undefined;
  const malformed = { code: 'metadata-malformed', what: 'golden.json' } as const;
  return parseGolden(parseJson(await readUnverified(file), malformed));
}

function required(files: UnsignedFiles['files'], name: string): Blob {
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
