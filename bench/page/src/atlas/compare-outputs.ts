import { float16ToNumber, formatShape } from '@nearside/core';
import type { Tensor, Tensors } from 'nearside';

/** As ONNX's own runner has it: `onnx/backend/test/case/node/__init__.py`, 1.17. |got − want| ≤ abs + rel·|want| */
const TOLERANCE = Object.freeze({ rel: 1e-3, abs: 1e-7 });

/**
 * Compares outputs as ONNX's own runner does (numpy's `assert_allclose`): no number equals no number, infinity itself.
 * Texts and truths must be the same. A shape must be the same too.
 *
 * @returns what differs, in words; undefined where nothing does
 */
export function compareOutputs(wanted: Tensors, got: Tensors): string | undefined {
  for (const [name, want] of Object.entries(wanted)) {
    const difference = compareTensors(want, got[name]);
    if (difference) return `${name}: ${difference}`;
  }
  return undefined;
}

function compareTensors(want: Tensor, got: Tensor | undefined): string | undefined {
  if (!got) return 'no such output';
  if (got.datatype !== want.datatype) return `${got.datatype} instead of ${want.datatype}`;
  const [shape, wantedShape] = [formatShape(got.shape), formatShape(want.shape)];
  if (shape !== wantedShape) return `shape ${shape} instead of ${wantedShape}`;
  const differing = indicesThatDiffer(want, got);
  const [first] = differing;
  if (first === undefined) return undefined;
  const total = want.data.length;
  const share = `${differing.length} of ${total} ${total === 1 ? 'value differs' : 'values differ'}`;
  return `${share}, ${sayWorst(want, got, differing)}`;
}

function indicesThatDiffer(want: Tensor, got: Tensor): number[] {
  const differing: number[] = [];
  for (let i = 0; i < want.data.length; i += 1) if (!areClose(want, got, i)) differing.push(i);
  return differing;
}

function areClose(want: Tensor, got: Tensor, at: number): boolean {
  if (want.datatype === 'BYTES' || want.datatype === 'BOOL') return want.data[at] === got.data[at];
  const [wanted, given] = [numberAt(want, at), numberAt(got, at)];
  if (Object.is(wanted, given) || wanted === given) return true;
  if (!Number.isFinite(wanted)) return false;
  return differenceAt(want, got, at) <= TOLERANCE.abs + TOLERANCE.rel * Math.abs(wanted);
}

function numberAt({ datatype, data }: Tensor, at: number): number {
  const value = data[at];
  return datatype === 'FP16' ? float16ToNumber(value as number) : Number(value);
}

/** Whole numbers beyond 2^53 are subtracted as they are. */
function differenceAt(want: Tensor, got: Tensor, at: number): number {
  const [wanted, given] = [want.data[at], got.data[at]];
  if (typeof wanted === 'bigint' && typeof given === 'bigint') {
    const difference = Number(given - wanted);
    return Math.abs(difference);
  }
  return Math.abs(numberAt(got, at) - numberAt(want, at));
}

/** The largest difference, or the first one where it cannot be written as a number. */
function sayWorst(want: Tensor, got: Tensor, differing: readonly number[]): string {
  if (want.datatype !== 'BYTES' && want.datatype !== 'BOOL') {
    const worst = Math.max(...differing.map((at) => differenceAt(want, got, at)));
    if (Number.isFinite(worst)) return `by up to ${Number(worst.toPrecision(3))}`;
  }
  const at = differing[0] ?? 0;
  return `the first is ${valueInWords(got, at)} instead of ${valueInWords(want, at)}`;
}

function valueInWords(tensor: Tensor, at: number): string {
  if (tensor.datatype === 'BYTES') return JSON.stringify(tensor.data[at]);
  if (tensor.datatype === 'BOOL') return tensor.data[at] === 0 ? 'false' : 'true';
  return String(numberAt(tensor, at));
}
