import type { ReleaseCustom } from '@nearside/artifact';
import type { ModelSpec } from '@nearside/core';
import { requiredCapabilities } from '@nearside/pipeline';

/** @returns what a library has to be able to do to run the model, as releases and seals say it */
export function requirementsOf(spec: ModelSpec): ReleaseCustom['requires'] {
  const runtime = [...new Set(spec.variants.map((variant) => variant.runtime))].sort();
  const features = requiredCapabilities(spec);
  return { format: spec.format, runtime, ...(features.length > 0 && { features }) };
}
