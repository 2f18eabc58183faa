import {
  elementBytes,
  FileNameSchema,
  NearsideError,
  NUMERIC_DATATYPES,
  parse,
} from '@nearside/core';
import * as v from 'valibot';
import { concatenate } from './concatenate.js';
import { parseJson } from './parse-json.js';

/** Beside its content a packed version has a graph file for each variant that `pack` understands. */
const FOLDER = 'graph';

/** The bytes in a file before a cut, and the number and datatype of the elements that were cut out after them. */
const CUT_BEGINNING = [
  v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  v.picklist(NUMERIC_DATATYPES),
] as const;

const CutSchema = v.union([
  /** All elements had this value. */
  v.strictTuple([...CUT_BEGINNING, v.number()]),
  /** Mean, standard deviation, least and largest of the elements. */
  v.strictTuple([...CUT_BEGINNING, v.number(), v.number(), v.number(), v.number()]),
]);

const GraphHeaderSchema = v.strictObject({
  format: v.literal(1),
  /** A variant's files, in the order in which their rests follow the header. */
  files: v.array(
    v.strictObject({
      name: FileNameSchema,
      /** Size of the rest of the file, bytes. */
      keptBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      /** In the order of the file: bytes left since the last cut, then the elements that were cut out. */
      cuts: v.array(CutSchema),
    }),
  ),
});

export type WeightCut = v.InferOutput<typeof CutSchema>;

/** A file of a variant without its weights. */
export interface GraphPart {
  readonly name: string;
  /** The rest of the file, in its order. */
  readonly kept: Uint8Array<ArrayBuffer>;
  readonly cuts: readonly WeightCut[];
}

const NEWLINE = 10;

/** The name of a variant's graph file in its version. */
export function graphFileName(variant: string): string {
  return `${FOLDER}/${variant}.graph`;
}

/** Writes a graph file: a line of JSON, then the rest of each file. */
export function writeGraphFile(parts: readonly GraphPart[]): Uint8Array<ArrayBuffer> {
  const files = parts.map(({ name, kept, cuts }) => ({ name, keptBytes: kept.length, cuts }));
  const header = new TextEncoder().encode(`${JSON.stringify({ format: 1, files })}\n`);
  return concatenate([header, ...parts.map(({ kept }) => kept)]);
}

/** @throws NearsideError `metadata-malformed` */
export function parseGraphFile(bytes: Uint8Array<ArrayBuffer>, what: string): GraphPart[] {
  const end = bytes.indexOf(NEWLINE);
  const malformed = { code: 'metadata-malformed', what } as const;
  const header = parseJson(bytes.subarray(0, Math.max(end, 0)), malformed);
  const { files } = parse(GraphHeaderSchema, header, malformed);
  let offset = end + 1;
  const parts = files.map(({ name, keptBytes, cuts }): GraphPart => {
    const kept = bytes.subarray(offset, offset + keptBytes);
    offset += keptBytes;
    const beforeCuts = cuts.reduce((sum, [keptBefore]) => sum + keptBefore, 0);
    if (beforeCuts > keptBytes) throw notAddingUp(what, beforeCuts, keptBytes);
    return { name, kept, cuts };
  });
  if (offset !== bytes.length) throw notAddingUp(what, offset, bytes.length);
  return parts;
}

/** Size of the variant's files with their weights, bytes. */
export function wholeBytes(parts: readonly GraphPart[]): number {
  return parts
    .flatMap(({ kept, cuts }) => [
      kept.length,
      ...cuts.map(([, count, datatype]) => count * elementBytes(datatype)),
    ])
    .reduce((sum, sizeBytes) => sum + sizeBytes, 0);
}

function notAddingUp(what: string, expected: number, got: number): NearsideError {
  return new NearsideError(
    'metadata-malformed',
    `${what}: expected ${expected} bytes as its first line says, got ${got}. Pack and publish it again.`,
    { details: { what, expected, got } },
  );
}
