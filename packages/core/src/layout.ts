import * as v from 'valibot';
import { FileNameSchema } from './model-spec.js';
import { parse } from './parse.js';

/** A chunk is at most 4 MiB: small enough to resume and to hash in one go, large enough to stream. */
export const MAX_CHUNK_BYTES = 4 * 1024 * 1024;

export const Sha256HexSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'));

const SizeSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_CHUNK_BYTES));

/** `[sha256, sizeBytes]`, or `[sha256, sizeBytes, gzipBytes]` when stored compressed as `.z`. */
export const ChunkSchema = v.union([
  v.strictTuple([Sha256HexSchema, SizeSchema]),
  v.strictTuple([Sha256HexSchema, SizeSchema, SizeSchema]),
]);

/** layout.json: every file of a version except itself → its consecutive slices, in order. */
export const LayoutSchema = v.strictObject({
  format: v.literal(1),
  files: v.record(FileNameSchema, v.array(ChunkSchema)),
  /** By file, the names of the tensors that begin in each chunk. For people and for `diff`; devices ignore it. */
  tensors: v.optional(v.record(FileNameSchema, v.array(v.array(v.string())))),
  /** `common`: its ONNX variants need no more of ONNX Runtime than most models do, as far as `pack` has found. */
  onnxRuntime: v.optional(v.picklist(['common', 'full'])),
});

export type Chunk = v.InferOutput<typeof ChunkSchema>;
export type Layout = v.InferOutput<typeof LayoutSchema>;

/** @throws NearsideError `metadata-malformed` */
export function parseLayout(value: unknown): Layout {
  return parse(LayoutSchema, value, { code: 'metadata-malformed', what: 'layout.json' });
}
