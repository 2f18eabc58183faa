import { arrayFromBytes, NUMERIC_DATATYPES, type NumericDatatype, parse } from '@nearside/core';
import type { Tensor, Tensors } from 'nearside';
import * as v from 'valibot';
import { BenchError } from '../problem.ts';

/** Where the build has put the tests: `bench/atlas/pack-corpus.mjs`. */
const ADDRESS = './node-tests.packed';

const NEWLINE = 10;

const CountSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const PlaceSchema = v.strictTuple([CountSchema, CountSchema]);

const ValuesSchema = v.strictObject({
  name: v.string(),
  datatype: v.picklist([...NUMERIC_DATATYPES, 'BYTES']),
  shape: v.array(CountSchema),
  /** Offset and length of its elements, bytes. */
  at: v.optional(PlaceSchema),
  texts: v.optional(v.array(v.string())),
});

const ExclusionSchema = v.strictObject({
  kind: v.picklist(['drawn', 'wrong-values', 'no-tensor', 'datatype', 'empty-axis', 'no-input']),
  /** The name of what it is about, or more of why. */
  what: v.string(),
});

const TestSchema = v.strictObject({
  name: v.string(),
  /** That it is a test of; `ai.onnx.ml.Binarizer` for one of another domain. */
  operator: v.string(),
  excluded: v.optional(ExclusionSchema),
  model: v.optional(PlaceSchema),
  inputs: v.optional(v.array(ValuesSchema)),
  outputs: v.optional(v.array(ValuesSchema)),
});

const HeaderSchema = v.strictObject({
  format: v.literal(1),
  /** Package and version. */
  source: v.string(),
  /** Of all tests and their bytes: the same tests have the same one everywhere. */
  identity: v.string(),
  tests: v.array(TestSchema),
});

export type CorpusTest = v.InferOutput<typeof TestSchema>;
type Values = v.InferOutput<typeof ValuesSchema>;
type Exclusion = v.InferOutput<typeof ExclusionSchema>;

/** The node tests of ONNX, in a fixed order. */
export interface Corpus {
  readonly source: string;
  readonly identity: string;
  readonly tests: readonly CorpusTest[];
  /** The ONNX file of a test that is not excluded. */
  modelOf(test: CorpusTest): Uint8Array<ArrayBuffer>;
  inputsOf(test: CorpusTest): Tensors;
  outputsOf(test: CorpusTest): Tensors;
}

/**
 * @returns undefined where the page was built without the tests
 * @throws BenchError `tests-broken`
 */
export async function loadCorpus(): Promise<Corpus | undefined> {
  const response = await fetch(new URL(ADDRESS, document.baseURI));
  if (!response.ok || !response.body) return undefined;
  try {
    const unpacked = response.body.pipeThrough(new DecompressionStream('gzip'));
    return parseCorpus(await new Response(unpacked).arrayBuffer());
  } catch (cause) {
    const message = `Expected the node tests at ${ADDRESS}, got a file that cannot be read. Load the page again.`;
    throw new BenchError('tests-broken', message, { cause });
  }
}

/** @param buffer a line of JSON, then the bytes that it points into @throws NearsideError `metadata-malformed` */
export function parseCorpus(buffer: ArrayBuffer): Corpus {
  const end = new Uint8Array(buffer).indexOf(NEWLINE);
  const json = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 0, Math.max(0, end))));
  const malformed = { code: 'metadata-malformed', what: 'The node tests' } as const;
  const { source, identity, tests } = parse(HeaderSchema, json, malformed);

  /** A copy, which may be given away. */
  function bytesAt([offset, length]: readonly [number, number] = [0, 0]): ArrayBuffer {
    return buffer.slice(end + 1 + offset, end + 1 + offset + length);
  }

  function tensorsOf(list: readonly Values[] = []): Tensors {
    return Object.fromEntries(list.map((values) => [values.name, tensorOf(values)]));
  }

  function tensorOf({ datatype, shape, at, texts = [] }: Values): Tensor {
    const data =
      datatype === 'BYTES' ? [...texts] : arrayFromBytes(datatype as NumericDatatype, bytesAt(at));
    return { datatype, shape, data } as Tensor;
  }

  return {
    source,
    identity,
    tests,
    modelOf: ({ model }) => new Uint8Array(bytesAt(model)),
    inputsOf: ({ inputs }) => tensorsOf(inputs),
    outputsOf: ({ outputs }) => tensorsOf(outputs),
  };
}

/** Why a test is left out, as people read it. */
export function exclusionInWords({ kind, what }: Exclusion): string {
  switch (kind) {
    case 'drawn':
      return 'its values are drawn, and each runtime draws its own';
    case 'wrong-values':
      return `the values that ONNX has for it are wrong: ${what}`;
    case 'no-tensor':
      return 'it takes or gives a sequence or an optional value, and the library passes tensors';
    case 'datatype':
      return `it takes or gives ${what}, which the library has no tensor of`;
    case 'empty-axis':
      return 'an axis of an input has length 0, which the library refuses';
    case 'no-input':
      return 'it has no input, and the library runs on inputs';
  }
}
