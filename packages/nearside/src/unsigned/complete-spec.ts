import {
  isModelName,
  type ModelSpec,
  parseModelSpec,
  SPEC_FORMAT,
  type Variant,
} from '@nearside/core';

/** Stands in where the file itself will tell; taken out again. */
const UNKNOWN_TENSORS = [{ name: 'unknown', datatype: 'FP32', shape: [] }];
const UNKNOWN_VARIANTS = [
  { name: 'unknown', runtime: 'onnx', dtype: 'unknown', files: ['unknown'] },
];

/**
 * A spec as strict as model.json from one in which everything that can be derived may be missing.
 *
 * @param variant what the files make up by themselves
 * @returns `inputs` and `outputs` are empty where the file itself has to say
 * @throws NearsideError `metadata-malformed`
 */
export function completeSpec(
  given: Readonly<Record<string, unknown>>,
  { variant, sizeBytes }: { variant: Variant | undefined; sizeBytes: number },
): ModelSpec {
  const spec = parseModelSpec(
    {
      format: SPEC_FORMAT,
      name: modelName(variant?.files[0]),
      version: '0.0.0',
      task: 'tensors',
      inputs: UNKNOWN_TENSORS,
      outputs: UNKNOWN_TENSORS,
      preprocessing: [],
      postprocessing: [],
      variants: UNKNOWN_VARIANTS,
      limits: { memoryBytes: Math.max(1, sizeBytes) },
      ...given,
      sequence: given.sequence || 1,
    },
    'the spec',
  );
  return {
    ...spec,
    sequence: given.sequence ? spec.sequence : 0,
    inputs: given.inputs ? spec.inputs : [],
    outputs: given.outputs ? spec.outputs : [],
    // A file that a user picked is called as it is; names in a spec are safe ones.
    variants: variant ? [variant] : spec.variants,
  };
}

/** `My Model (2).onnx` → `my-model-2` */
function modelName(file = ''): string {
  const base = file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  const name = base
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replace(/^-+|-+$/g, '');
  return isModelName(name) ? name : 'model';
}
