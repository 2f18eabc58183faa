import type { Variant } from '@nearside/core';
import type { AvailableBackend } from '../runtime-assets.js';
import { runtimeOf } from '../runtime-of.js';

/** The variants in the form that a backend loads, in the publisher's order. */
export function variantsFor(backend: AvailableBackend, variants: readonly Variant[]): Variant[] {
  return variants.filter(({ runtime }) => runtime === runtimeOf(backend));
}

export function hasVariantFor(backend: AvailableBackend, variants: readonly Variant[]): boolean {
  return variantsFor(backend, variants).length > 0;
}
