import type { GraphPart, WeightCut } from '@nearside/artifact';
import { arrayFromBytes, drawsFrom, elementBytes } from '@nearside/core';
import { oneMacrotask } from '../../shared/timers.js';

/** So many elements of a tensor are drawn, and repeated: what they are hardly changes how long a run takes. */
const DRAWN = 65_536;

/** Longer than this the page is not kept from anything else, ms. */
const TURN_MS = 8;

/**
 * The files of a variant with weights that a seed stands for, the same everywhere. They have the mean, the deviation
 * and the edges of those that were cut out, so nothing overflows, and nothing is so small that CPUs slow down.
 *
 * @param parts of its graph file
 * @param seed 1 to 2³² − 1
 */
export async function fillWeights(
  parts: readonly GraphPart[],
  seed: number,
): Promise<Record<string, Blob>> {
  const draw = drawsFrom(seed);
  const files: Record<string, Blob> = {};
  let turnMs = performance.now();
  for (const { name, kept, cuts } of parts) {
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    let offset = 0;
    for (const cut of cuts) {
      const [keptBefore, count, datatype] = cut;
      pieces.push(kept.subarray(offset, offset + keptBefore));
      offset += keptBefore;
      const drawn = drawElements(cut, Math.min(count, DRAWN), draw);
      const whole = Math.floor(count / DRAWN);
      for (let i = 0; i < whole; i += 1) pieces.push(drawn);
      pieces.push(drawn.subarray(0, (count - whole * DRAWN) * elementBytes(datatype)));
      if (performance.now() - turnMs < TURN_MS) continue;
      await oneMacrotask();
      turnMs = performance.now();
    }
    pieces.push(kept.subarray(offset));
    files[name] = new Blob(pieces);
  }
  return files;
}

/** As bytes, little-endian. */
function drawElements(
  [, , datatype, ...told]: WeightCut,
  count: number,
  draw: () => number,
): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(count * elementBytes(datatype));
  const elements = arrayFromBytes(datatype, bytes) as Float32Array;
  const isInteger = !datatype.startsWith('FP');
  const toElement =
    datatype === 'FP16'
      ? numberToFloat16
      : datatype === 'INT64'
        ? BigInt
        : (value: number) => value;
  const next = drawNumber(told, draw);
  for (let i = 0; i < count; i += 1) {
    const value = next();
    elements[i] = toElement(isInteger ? Math.round(value) : value) as number;
  }
  return new Uint8Array(bytes);
}

/** Even within mean ± √3 deviations, which has that deviation; never beyond the edges. */
function drawNumber(told: readonly number[], draw: () => number): () => number {
  const [mean = 0, deviation, low = 0, high = 0] = told;
  if (deviation === undefined) return () => mean; // they were all the same
  const width = 2 * Math.sqrt(3) * deviation;
  return () => Math.min(high, Math.max(low, mean + (draw() - 0.5) * width));
}

/** The nearest bits but for rounding; what is too small for a normal number of 16 bits is the smallest one. */
function numberToFloat16(value: number): number {
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.min(65_504, Math.abs(value));
  if (size === 0) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const fraction = Math.max(0, Math.floor((size / 2 ** exponent - 1) * 1024));
  return sign + ((exponent + 15) << 10) + fraction;
}
