import {
  type Golden,
  goldenFiles,
  type ModelSpec,
  resourceFiles,
  sessionFiles,
  type Variant,
} from '@nearside/core';

/** The files a device needs to run one variant, besides model.json and golden.json. */
export function variantFiles(spec: ModelSpec, variant: Variant, { cases }: Golden): string[] {
  const proofs = cases.flatMap((golden) => goldenFiles(golden, [variant.name]));
  const files = [...sessionFiles(variant), ...resourceFiles(spec), ...proofs, 'baseline.json'];
  return [...new Set(files)];
}
