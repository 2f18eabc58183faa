import type { Runtime, Variant } from '@nearside/core';
import { modelInvalid } from '../errors/model-invalid.js';
import { computedIn, FORMATS, type Format } from './quantize-variant.js';

/** A format, and the variant of floats that it is made from. */
export interface PlannedFormat {
  readonly format: Format;
  readonly base: Variant;
}

const USUAL: Readonly<Record<Runtime, Format>> = { onnx: 'int8', tfjs: 'uint8' };

const FLOATS: ReadonlySet<string> = new Set(['fp32', 'unknown']);

/**
 * @param formats by default the usual one of each runtime
 * @returns each format with the variant that it is made from: one of floats that its runtime loads, first those that are
 *   there to be compared with. A variant that is quantised already computes with floats too; an earlier one of the format is
 *   made anew.
 * @throws NearsideError `model-invalid` without such floats, and where a variant of another kind has a format's name
 */
export function planFormats(
  variants: readonly Variant[],
  formats: readonly Format[] | undefined,
): PlannedFormat[] {
  const floats = variants
    .filter(({ name, dtype }) => !Object.hasOwn(FORMATS, name) && FLOATS.has(dtype))
    .sort((a, b) => Number(a.ships ?? true) - Number(b.ships ?? true));
  const wanted = formats ?? [...new Set(floats.map(({ runtime }) => USUAL[runtime]))];
  if (wanted.length === 0) throw alreadyQuantised(variants);
  return wanted.map((format) => {
    const base = floats.find(({ runtime }) => runtime === FORMATS[format]);
    if (!base && floats[0]) throw otherRuntime(format, floats[0].runtime);
    if (!base) throw alreadyQuantised(variants, format);
    const taken = variants.find(({ name }) => name === format);
    if (taken && taken.dtype !== computedIn(format)) throw nameTaken(format);
    return { format, base };
  });
}

const RUNTIME_NAMES: Readonly<Record<Runtime, string>> = { onnx: 'ONNX', tfjs: 'TensorFlow.js' };

function otherRuntime(format: Format, runtime: Runtime) {
  const names = Object.keys(FORMATS).filter((name) => FORMATS[name as Format] === runtime);
  return modelInvalid(
    `Expected a format of ${RUNTIME_NAMES[runtime]} (${names.join(', ')}), got ${format}, which is for ` +
      `${RUNTIME_NAMES[FORMATS[format]]}.`,
    { expected: names, got: format },
  );
}

function alreadyQuantised(variants: readonly Variant[], format?: Format) {
  const runtime = format && ` of ${RUNTIME_NAMES[FORMATS[format]]}`;
  const got = variants.map(({ name, dtype }) => `'${name}' of ${dtype}`).join(', ');
  return modelInvalid(
    `model.json: expected a variant${runtime ?? ''} of fp32 to make ${format ?? 'a smaller one'} of, got ${got}. ` +
      'Quantise the model that training wrote.',
    { expected: 'fp32', got, format },
  );
}

function nameTaken(format: Format) {
  return modelInvalid(
    `model.json: expected no variant '${format}', because the new one is called so; got one. Quantise the model ` +
      'without it (of a Hugging Face folder, its file), or give other `--formats`.',
    { variant: format },
  );
}
