import { elementCount } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import {
  locateWeights,
  parseManifest,
  storedBytes,
  type WeightGroup,
} from '../packing/tfjs-manifest.js';
import { toFloat16, toUint8 } from './narrow-values.js';
import { areWeights, isLargeWeight, type QuantizedTensor } from './quantized-tensor.js';

/** How weights are stored, by the quantization of the manifest. TensorFlow.js makes floats of them as it loads. */
export const TFJS_FORMATS = ['uint8', 'float16'] as const;
export type TfjsFormat = (typeof TFJS_FORMATS)[number];

export interface QuantizeTfjsOptions {
  readonly format: TfjsFormat;
  /** Names of weights that stay as they are. */
  readonly keep?: ReadonlySet<string>;
}

export interface QuantizedTfjs {
  /** model.json. */
  readonly document: object;
  /** The weight files that it names, beside it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly tensors: readonly QuantizedTensor[];
  /** Names of those of `keep` that the model has. */
  readonly kept: readonly string[];
}

type Weight = WeightGroup['weights'][number];

/**
 * Stores floats of 1,024 elements and two axes or more in fewer bits. The same model and options write the same bytes.
 *
 * @param read the content of a weight file, by its path in model.json
 * @throws NearsideError `metadata-malformed`; `model-invalid` when files and manifest do not fit, or a weight has values
 *   that are not finite
 */
export function quantizeTfjs(
  document: object,
  read: (path: string) => Uint8Array,
  options: QuantizeTfjsOptions,
): QuantizedTfjs {
  const files = new Map<string, Uint8Array>();
  const [tensors, kept]: [QuantizedTensor[], string[]] = [[], []];
  const weightsManifest = parseManifest(document, 'model.json').map((group, i) => {
    const path = `group${i + 1}.bin`;
    const parts: Uint8Array[] = [];
    const weights = group.weights.map((weight, at) => {
      const stored = storedValues(group, at, read);
      const stays = options.keep?.has(weight.name);
      if (stays) kept.push(weight.name);
      const smaller = stays ? undefined : storeSmaller(weight, stored, options.format);
      parts.push(smaller?.bytes ?? stored);
      if (!smaller) return weight;
      tensors.push({
        name: weight.name,
        shape: weight.shape,
        format: options.format,
        roundingError: smaller.roundingError,
      });
      return { ...weight, quantization: smaller.quantization };
    });
    files.set(path, Buffer.concat(parts));
    return { ...group, paths: [path], weights };
  });
  return { document: { ...document, weightsManifest }, files, tensors, kept };
}

/** A weight may lie across files. */
function storedValues(
  group: WeightGroup,
  at: number,
  read: (path: string) => Uint8Array,
): Uint8Array {
  const files = group.paths.map(read);
  const located = locateWeights(
    group,
    files.map(({ length }) => length),
  );
  const { name } = group.weights[at] as Weight;
  const odd = group.weights.find((weight) => Number.isNaN(storedBytes(weight)));
  if (odd) {
    throw modelInvalid(
      `Weight '${odd.name}': expected numbers, got ${odd.dtype}, which has no fixed size. Quantise an ONNX form of the ` +
        'model.',
      { tensor: odd.name, got: odd.dtype },
    );
  }
  if (!located) {
    throw modelInvalid(
      `model.json, weightsManifest: expected weights that fill ${group.paths.join(', ')}, got files of other sizes. ` +
        'Export the model again.',
      { files: group.paths },
    );
  }
  const parts = group.paths.flatMap((path, i) =>
    (located.get(path) ?? [])
      .filter((extent) => extent.name === name)
      .map(({ offset, sizeBytes }) =>
        (files[i] as Uint8Array).subarray(offset, offset + sizeBytes),
      ),
  );
  return Buffer.concat(parts);
}

function storeSmaller(
  { name, dtype, shape, quantization }: Weight,
  stored: Uint8Array,
  format: TfjsFormat,
) {
  if (dtype !== 'float32' || quantization || !isLargeWeight(shape)) return undefined;
  const floats = new Float32Array(new Uint8Array(stored).buffer, 0, elementCount(shape));
  if (!areWeights(name, floats)) return undefined;
  if (format === 'float16') {
    const half = toFloat16(floats);
    return (
      half && {
        bytes: bytesOf(half.values),
        roundingError: half.roundingError,
        quantization: { dtype: format },
      }
    );
  }
  const bytes = toUint8(floats);
  if (!bytes) return undefined;
  const { values, scale, min, roundingError } = bytes;
  const quantization_ = { dtype: format, scale, min, original_dtype: 'float32' };
  return { bytes: values, roundingError, quantization: quantization_ };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
