import {
  ModelNameSchema,
  NearsideError,
  parse,
  Sha256HexSchema,
  VersionSchema,
} from '@nearside/core';
import * as v from 'valibot';
import { fromBase64 } from './base64.js';
import { canonicalJson } from './canonical-json.js';
import { sequenceOfSeal } from './integrity.js';
import type { Manifest } from './oms/verify-bundle.js';
import { parseJson } from './parse-json.js';
import { RequiresSchema } from './release.js';
import { requireSafeName } from './repository-paths.js';

/** Seals of this format can be read. */
export const SEAL_FORMAT = 1;

/**
 * All that vouches for a version without keys: its hash, which the page names, is the hash of everything. It is written as
 * canonical JSON, and read as any JSON, because the hash is of its bytes.
 */
const SealSchema = v.looseObject({
  format: v.literal(SEAL_FORMAT),
  model: ModelNameSchema,
  version: VersionSchema,
  requires: RequiresSchema,
  /** As `onnxRuntime` of a release. */
  onnxRuntime: v.optional(v.string()),
  /** Name of a file → its SHA-256. */
  files: v.record(v.string(), Sha256HexSchema),
  /** SHA-256 → the chunk itself, in base64: small ones, which are then not fetched one by one. */
  inline: v.record(Sha256HexSchema, v.string()),
});

export type Seal = v.InferOutput<typeof SealSchema>;

/** A version as its seal describes it, read from bytes that have the hash that the page names. */
export interface ReadSeal {
  readonly manifest: Manifest;
  readonly requires: Seal['requires'];
  /** True if its ONNX variants need no more of the runtime than most models do. */
  readonly isCommon: boolean;
  /** Chunks by their SHA-256. They are verified as fetched ones are. */
  readonly inline: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** The bytes of a seal: the same for the same version, wherever it is made. */
export function writeSeal(seal: Seal): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalJson(seal));
}

/**
 * Reads a seal.
 *
 * @param bytes verified
 * @param sha256 their SHA-256, in hex
 * @param model the model that the address names
 * @throws NearsideError `bundle-mismatch` for the seal of another model; `version-unsupported` for a newer format;
 *   `metadata-malformed` or `name-unsafe`
 */
export function readSeal(
  bytes: Uint8Array,
  { sha256, model }: { sha256: string; model: string },
): ReadSeal {
  const what = `the seal of '${model}'`;
  const malformed = { code: 'metadata-malformed', what } as const;
  const value = parseJson(bytes, malformed);
  requireFormat(value, what);
  const seal = parse(SealSchema, value, malformed);
  if (seal.model !== model) throw sealOfAnother(seal.model, model);
  const release = { model, version: seal.version, sequence: sequenceOfSeal(sha256) };
  const names = Object.keys(seal.files);
  for (const name of names) requireSafeName(name, what);
  return {
    manifest: { release, files: new Map(Object.entries(seal.files)), sha256, isSealed: true },
    requires: seal.requires,
    isCommon: seal.onnxRuntime === 'common',
    inline: new Map(
      Object.entries(seal.inline).map(([name, text]) => [name, chunkBytes(text, what)]),
    ),
  };
}

/** A seal of a later format says so, whatever else has changed. */
function requireFormat(value: unknown, what: string): void {
  const { format } = (value ?? {}) as { format?: unknown };
  if (!Number.isSafeInteger(format) || (format as number) <= SEAL_FORMAT) return;
  throw new NearsideError(
    'version-unsupported',
    `${what}: expected format ${SEAL_FORMAT}, got ${format}, which needs a newer library: update nearside.`,
    { details: { expected: SEAL_FORMAT, got: format } },
  );
}

function sealOfAnother(got: string, expected: string): NearsideError {
  return new NearsideError(
    'bundle-mismatch',
    `Expected the seal of '${expected}', got that of '${got}'. Is its folder renamed, or \`integrity\` another's?`,
    { details: { expected, got } },
  );
}

function chunkBytes(text: string, what: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(text);
  } catch (cause) {
    const message = `${what}: expected base64 in \`inline\`, got other text.`;
    throw new NearsideError('metadata-malformed', message, { cause });
  }
}
