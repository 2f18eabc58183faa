import { isNearsideError } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { MODEL, OPSET as OPSET_IMPORT } from '../packing/onnx-file.js';
import { bytesField, intField, partsField } from '../packing/protobuf-fields.js';
import { OPSET } from './constant-nodes.js';
import { ELEMENT_OPERATORS } from './element-operators.js';
import { OnnxGraph } from './onnx-graph.js';
import { type Convert, OperatorToConvert } from './operator-to-convert.js';
import { PICTURE_OPERATORS } from './picture-operators.js';
import { ROW_OPERATORS } from './row-operators.js';
import { SHAPE_OPERATORS } from './shape-operators.js';
import { parseTfliteFile, type TfliteOperator } from './tflite-file.js';

/** The version of the file format that came with {@link OPSET}: https://onnx.ai/onnx/repo-docs/Versioning.html */
const IR_VERSION = 8;

const OPERATORS = new Map<string, Convert>(
  Object.entries({
    ...PICTURE_OPERATORS,
    ...ELEMENT_OPERATORS,
    ...ROW_OPERATORS,
    ...SHAPE_OPERATORS,
  }),
);

/**
 * Writes a TFLite model as an ONNX one of the same inputs, outputs, names and weights, which keep their bits. Pictures
 * stay [batch, height, width, channels] outside of it. The same file gives the same bytes.
 *
 * @throws NearsideError `model-invalid`, naming the offset of what is no TFLite file, or the operator
 */
export function convertTflite(bytes: Uint8Array): Uint8Array {
  const file = parseTfliteFile(bytes);
  requireKnown(file.operators);
  const graph = new OnnxGraph(file);
  for (const operator of file.operators) {
    naming(operator, () => OPERATORS.get(operator.name)?.(new OperatorToConvert(operator, graph)));
  }
  const content = naming(undefined, () => graph.finish());
  const opset = [bytesField(OPSET_IMPORT.domain, ''), intField(OPSET_IMPORT.version, OPSET)];
  return Buffer.concat([
    intField(MODEL.irVersion, IR_VERSION),
    bytesField(MODEL.producer, 'nearside'),
    ...partsField(MODEL.graph, content),
    ...partsField(MODEL.opsetImport, opset),
  ]);
}

function requireKnown(operators: readonly TfliteOperator[]): void {
  const unknown = operators.find(({ name }) => !OPERATORS.has(name));
  if (!unknown) return;
  const names = [...new Set(operators.map(({ name }) => name))].filter(
    (name) => !OPERATORS.has(name),
  );
  throw modelInvalid(
    `Operator ${unknown.index}: expected one that can be written as ONNX, got ${names.join(', ')}. Convert the model ` +
      'with tf2onnx or ai-edge-torch, or export it without.',
    { operator: unknown.index, name: unknown.name },
  );
}

/** Says which operator an error is about. */
function naming<T>(operator: TfliteOperator | undefined, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const where = operator ? `Operator ${operator.index} (${operator.name})` : 'The outputs';
    const named = operator ? { operator: operator.index, name: operator.name } : {};
    throw modelInvalid(`${where}: ${error.message}`, { ...error.details, ...named });
  }
}
