import { modelInvalid } from '../errors/model-invalid.js';
import type { PlannedFormat } from './plan-formats.js';
import { type Format, type QuantizedVariant, quantizeVariant } from './quantize-variant.js';

export interface MakingFormats {
  /** For messages. */
  readonly source: string;
  /** Names of tensors that stay as they are. */
  readonly keep: ReadonlySet<string>;
}

/**
 * Makes a variant of each format.
 *
 * @param directory a model directory
 * @throws NearsideError `model-invalid` for a format that changes nothing, and for a tensor to keep that is not there; or a
 *   code of `quantizeVariant`
 */
export async function makeFormats(
  directory: string,
  planned: readonly PlannedFormat[],
  { source, keep }: MakingFormats,
): Promise<Map<Format, QuantizedVariant>> {
  const made = new Map<Format, QuantizedVariant>();
  for (const { format, base } of planned) {
    made.set(format, await quantizeVariant(directory, base, { format, keep }));
  }
  const kept = new Set([...made.values()].flatMap((one) => one.kept));
  const missing = [...keep].find((name) => !kept.has(name));
  if (missing !== undefined) throw notThere(missing, source);
  for (const [format, { tensors }] of made) {
    if (tensors.length > 0) continue;
    const others = [...made].filter(([, one]) => one.tensors.length > 0).map(([name]) => name);
    throw nothingToGain(source, format, others);
  }
  return made;
}

function notThere(tensor: string, source: string) {
  return modelInvalid(
    `${source}: expected a tensor '${tensor}' to keep as it is, of floats, 1,024 elements and two axes or more; got ` +
      'none of this name.',
    { tensor, source },
  );
}

const WHERE: Readonly<Partial<Record<Format, string>>> = {
  'int8-dynamic': ', each the second factor of a MatMul or Gemm',
  fp16: ', neither too large nor too small for half floats',
  float16: ', neither too large nor too small for half floats',
};

function nothingToGain(source: string, format: Format, others: readonly Format[]) {
  const where = WHERE[format] ?? '';
  const advice =
    others.length > 0
      ? `Leave ${format} out: ${others.join(', ')} can be made.`
      : 'It is as small as it gets, or quantised already.';
  return modelInvalid(
    `${source}: expected floats of 1,024 elements and two axes or more${where}, which take fewer bytes as ${format}; ` +
      `got none. ${advice}`,
    { source, format },
  );
}
