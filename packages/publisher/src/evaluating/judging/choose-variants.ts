import type { ModelSpec, Variant } from '@nearside/core';
import { modelInvalid } from '../../errors/model-invalid.js';

export interface ChosenVariants {
  readonly original: Variant;
  readonly candidates: readonly Variant[];
  /** Why a variant cannot be asked, by its name. */
  readonly notEvaluated: Readonly<Record<string, string>>;
}

/**
 * @param of names that somebody wants; by default the original is the first variant that does not ship, else the first of
 *   fp32, and all that ship are held against it
 * @throws TypeError for a name that there is none of; NearsideError `model-invalid` without an original
 */
export function chooseVariants(
  { variants }: ModelSpec,
  of: {
    readonly original?: string | undefined;
    readonly variants?: readonly string[] | undefined;
  },
): ChosenVariants {
  const { original: wanted, variants: only } = of;
  const names = variants.map(({ name }) => name);
  for (const name of [...(wanted === undefined ? [] : [wanted]), ...(only ?? [])]) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `evaluate: expected variants of the model (${names.join(', ')}), got '${name}'.`,
    );
  }
  const here = variants.filter(({ runtime }) => runtime === 'onnx');
  const original =
    wanted === undefined
      ? (here.find(({ ships }) => ships === false) ?? here.find(({ dtype }) => dtype === 'fp32'))
      : here.find(({ name }) => name === wanted);
  if (!original) {
    const got = variants.map(({ name, runtime, dtype }) => `'${name}' of ${runtime} and ${dtype}`);
    throw modelInvalid(
      `model.json: expected an ONNX variant of fp32 to compare others with, got ${got.join(', ')}. ${NOT_IN_NODE} ` +
        'Keep the original in the model directory with "ships": false.',
      { expected: 'fp32', got },
    );
  }
  const compared = variants.filter(({ name, ships = true }) => {
    return name !== original.name && (only?.includes(name) ?? ships);
  });
  const elsewhere = compared.filter((variant) => !here.includes(variant));
  return {
    original,
    candidates: compared.filter((variant) => here.includes(variant)),
    notEvaluated: Object.fromEntries(elsewhere.map(({ name }) => [name, NOT_IN_NODE])),
  };
}

const NOT_IN_NODE = 'TensorFlow.js runs in browsers alone, and variants are asked in Node.';
