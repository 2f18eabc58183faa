import type { ResamplingWindows } from './resampling-windows.js';

const float = Math.fround;

export interface LinearOptions {
  /** The centres of the outermost pixels stay where they are; otherwise their edges do. */
  readonly alignCorners: boolean;
  /** `single` for positions as torch's `interpolate` of floats has them (ATen/native/UpSample.h), `double` as OpenCV's `resize`. */
  readonly precision: 'single' | 'double';
  /** The outermost input is repeated beyond the edge, with the weight that would be there. */
  readonly repeatsEdges?: boolean | undefined;
}

/**
 * Windows and weights of linear interpolation without antialiasing: each output position lies between two inputs,
 * however many are skipped.
 */
export function linearWindows(
  inputSize: number,
  outputSize: number,
  { alignCorners, precision, repeatsEdges = false }: LinearOptions,
): ResamplingWindows {
  const rounded = precision === 'single' ? float : (value: number) => value;
  const scale = rounded(
    alignCorners ? (inputSize - 1) / Math.max(1, outputSize - 1) : inputSize / outputSize,
  );
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * 2);
  for (let o = 0; o < outputSize; o++) {
    const position = alignCorners ? float(scale * o) : float(rounded(scale * (o + 0.5)) - 0.5);
    const start = Math.floor(position);
    const isBetween = start >= 0 && start + 1 < inputSize;
    const share = isBetween || repeatsEdges ? float(position - start) : 0;
    starts[o] = Math.min(Math.max(0, start), inputSize - 1);
    counts[o] = isBetween ? 2 : 1;
    weights[2 * o] = float(1 - share);
    weights[2 * o + 1] = share;
  }
  return { size: outputSize, starts, counts, taps: 2, weights };
}
