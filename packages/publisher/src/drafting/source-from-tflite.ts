import { basename, extname } from 'node:path';
import { convertTflite } from '../converting/convert-tflite.js';
import { readModelBytes } from '../packing/model-file.js';
import { parseOnnxFile } from '../packing/onnx-file.js';
import type { SourceModel } from './draft-spec.js';
import { describeTensors, nameInDirectory, namingFile, ofTensors } from './source-from-onnx.js';

/**
 * A TFLite file, as the ONNX file that is made of it. Whatever its weights are, it computes in floats of 32 bits.
 *
 * @throws NearsideError `model-invalid`, naming the file and the operator that ONNX has not
 */
export async function sourceFromTflite(path: string): Promise<SourceModel> {
  const tflite = await readModelBytes(path, path);
  const bytes = namingFile(path, () => convertTflite(tflite));
  const onnx = namingFile(path, () => parseOnnxFile(bytes));
  const file = nameInDirectory(`${basename(path, extname(path))}.onnx`);
  const variants = [{ name: 'fp32', runtime: 'onnx' as const, dtype: 'fp32', files: [file] }];
  const weights = new Map([[file, bytes]]);
  return { ...ofTensors(path), ...describeTensors(path, onnx), variants, weights };
}
