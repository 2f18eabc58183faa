import type { Golden, Variant } from '@nearside/core';

/** The files a device needs to run one variant, besides model.json and golden.json. */
export function variantFiles(variant: Variant, golden: Golden): string[] {
  const tensors = golden.cases.flatMap((golden) => [
    ...Object.values(golden.inputs),
    ...Object.values(golden.expected[variant.name] ?? {}),
  ]);
  return [...new Set([...variant.files, ...tensors.map((tensor) => tensor.file), 'baseline.json'])];
}
