import type { Tensors } from 'nearside';
import type { Prepared, Values } from '../contenders/contender.ts';
import { type BenchModel, copyOf, type Tolerance } from '../models/bench-model.ts';
import type { Correctness } from '../results/result.ts';

/** Where a file brings no golden outputs: how far two runtimes may lie apart. */
const BETWEEN_RUNTIMES: Tolerance = Object.freeze({ abs: 1e-3, rel: 1e-2 });

/**
 * Compares what a model gives with what it should: golden outputs, or those of the first row where there are none.
 *
 * @param reference what the first row gave; undefined for that row itself
 */
export async function checkNumbers(
  prepared: Prepared,
  model: BenchModel,
  reference: Values | undefined,
): Promise<{ correctness: Correctness; values: Values | undefined }> {
  const bounds = model.tolerance[prepared.variant];
  if (model.cases.length > 0 && bounds) {
    let worst = 0;
    for (const { inputs, expected } of model.cases) {
      const got = await prepared.run(copyOf(inputs));
      worst = Math.max(worst, worstShare(got, valuesOf(expected[prepared.variant] ?? {}), bounds));
    }
    return { correctness: verdict('golden', worst, model.cases.length), values: undefined };
  }
  const values = await prepared.run(model.sample(1));
  if (!reference) return { correctness: { against: 'nothing' }, values };
  const worst = worstShare(values, reference, BETWEEN_RUNTIMES);
  return { correctness: verdict('first-row', worst, 1), values };
}

function verdict(against: 'golden' | 'first-row', worst: number, cases: number): Correctness {
  return { against, isRight: worst <= 1, worstShare: worst, cases };
}

function valuesOf(tensors: Tensors): Values {
  const named = Object.entries(tensors).map(([name, { data }]) => [name, data]);
  return Object.fromEntries(named);
}

/** What is no number is wrong by as much as can be written down. */
const HOPELESS = Number.MAX_VALUE;

/** The largest difference ÷ what is allowed at that value: up to 1 is right. */
export function worstShare(got: Values, expected: Values, { abs, rel }: Tolerance): number {
  let worst = 0;
  for (const [name, wanted] of Object.entries(expected)) {
    const values = got[name];
    if (values?.length !== wanted.length) return HOPELESS;
    for (let i = 0; i < wanted.length; i += 1) {
      const want = Number(wanted[i]);
      const share = Math.abs(Number(values[i]) - want) / (abs + rel * Math.abs(want));
      if (!Number.isFinite(share)) return HOPELESS;
      worst = Math.max(worst, share);
    }
  }
  return worst;
}
