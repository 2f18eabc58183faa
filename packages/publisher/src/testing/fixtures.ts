import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a file that `fixtures/make.py` wrote. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
}

/** A model directory with state. */
export const LEAKY_SUM = fileURLToPath(
  new URL('../../../../tests/fixtures/leaky-sum', import.meta.url),
);

/** Places of the fixtures' tensors, according to python's onnx. */
export const LOCATED: {
  readonly affine: readonly { name: string; start: number; end: number }[];
  readonly external: readonly {
    name: string;
    location: string;
    offset: number;
    length: number;
  }[];
} = JSON.parse(readFileSync(fixture('located.json'), 'utf8'));
