import type { ResamplingWindows } from './resampling-windows.js';

const float = Math.fround;

/**
 * Windows and weights of linear interpolation without antialiasing: each output position lies between two inputs,
 * however many are skipped. Positions are those of torch's `interpolate` in float32 (ATen/native/UpSample.h), and of
 * OpenCV's `INTER_LINEAR` where corners are not aligned.
 *
 * @param alignCorners whether the centres of the outermost pixels stay where they are; otherwise their edges do
 */
export function linearWindows(
  inputSize: number,
  outputSize: number,
  alignCorners: boolean,
): ResamplingWindows {
  const scale = float(
    alignCorners ? (inputSize - 1) / Math.max(1, outputSize - 1) : inputSize / outputSize,
  );
  const starts = new Int32Array(outputSize);
  const counts = new Int32Array(outputSize);
  const weights = new Float64Array(outputSize * 2);
  for (let o = 0; o < outputSize; o++) {
    const position = alignCorners
      ? float(scale * o)
      : Math.max(0, float(float(scale * float(o + 0.5)) - 0.5));
    const start = Math.min(Math.trunc(position), inputSize - 1);
    const isBetween = start + 1 < inputSize;
    const share = isBetween ? float(position - start) : 0;
    starts[o] = start;
    counts[o] = isBetween ? 2 : 1;
    weights[2 * o] = float(1 - share);
    weights[2 * o + 1] = share;
  }
  return { size: outputSize, starts, counts, taps: 2, weights };
}
