import { type Datatype, parse, type TensorSpec } from '@nearside/core';
import * as v from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';

/** A signature's tensor. Sizes are written as strings or as numbers. */
const TensorInfoSchema = v.looseObject({
  name: v.optional(v.string(), ''),
  dtype: v.string(),
  tensorShape: v.optional(
    v.looseObject({
      dim: v.optional(
        v.array(v.looseObject({ size: v.optional(v.union([v.string(), v.number()])) })),
        [],
      ),
    }),
  ),
});

const TopologySchema = v.looseObject({
  modelTopology: v.looseObject({
    node: v.array(
      v.looseObject({
        name: v.string(),
        op: v.string(),
        input: v.optional(v.array(v.string()), []),
      }),
    ),
  }),
});

const SignatureSchema = v.looseObject({
  inputs: v.record(v.string(), TensorInfoSchema),
  outputs: v.record(v.string(), TensorInfoSchema),
});

/** Datatypes that TensorFlow.js takes and gives. */
const DATATYPES: Readonly<Record<string, Datatype>> = {
  DT_FLOAT: 'FP32',
  DT_INT32: 'INT32',
  DT_BOOL: 'BOOL',
};

/**
 * Inputs and outputs of a TensorFlow.js graph model by its signature, in its order.
 *
 * @throws NearsideError `model-invalid` without a signature that names types and shapes
 */
export function readGraphTensors(document: object): {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  probabilities: ReadonlySet<string>;
} {
  const signature = findSignature(document);
  if (signature === undefined) {
    throw modelInvalid(
      'model.json: expected a signature that names inputs and outputs, got none. Convert the model ' +
        'again with a current tensorflowjs_converter.',
      { field: 'signature' },
    );
  }
  const what = { code: 'model-invalid', what: 'model.json, signature' } as const;
  const { inputs, outputs } = parse(SignatureSchema, signature, what);
  const probabilities = Object.entries(outputs).filter(([, { name }]) => isSoftmax(document, name));
  return {
    inputs: tensorSpecs('inputs', inputs),
    outputs: tensorSpecs('outputs', outputs),
    probabilities: new Set(probabilities.map(([name]) => name)),
  };
}

/** @param tensor such as `Identity:0`, which converters put behind the last operator */
function isSoftmax(document: object, tensor: string): boolean {
  if (!v.is(TopologySchema, document)) return false;
  const { node } = v.parse(TopologySchema, document).modelTopology;
  const find = (name: string) => node.find((one) => one.name === name.replace(/:\d+$/, ''));
  const last = find(tensor);
  return (last?.op === 'Identity' ? find(last.input[0] ?? '') : last)?.op === 'Softmax';
}

/** Older converters put it under `userDefinedMetadata`. */
function findSignature(document: object): unknown {
  if ('signature' in document) return document.signature;
  const metadata = 'userDefinedMetadata' in document ? document.userDefinedMetadata : undefined;
  return typeof metadata === 'object' && metadata !== null && 'signature' in metadata
    ? metadata.signature
    : undefined;
}

function tensorSpecs(
  role: string,
  tensors: Readonly<Record<string, v.InferOutput<typeof TensorInfoSchema>>>,
): TensorSpec[] {
  return Object.entries(tensors).map(([name, { dtype, tensorShape }]) => {
    const datatype = DATATYPES[dtype];
    if (!datatype || !tensorShape) {
      throw modelInvalid(
        `model.json, signature.${role}, '${name}': expected DT_FLOAT, DT_INT32 or DT_BOOL and a ` +
          `shape, got ${dtype}${tensorShape ? '' : ' without a shape'}.`,
        { name, dtype },
      );
    }
    return { name, datatype, shape: tensorShape.dim.map(({ size }) => Number(size ?? -1)) };
  });
}
