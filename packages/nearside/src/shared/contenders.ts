import type { BackendName, Runtime, Variant } from '@nearside/core';
import type { AvailableBackend } from './api/backends.js';
import type { ServedVersion } from './ended-run.js';

/** One way of serving a version: a variant of it on a backend. */
export interface Contender {
  readonly backend: AvailableBackend;
  readonly variant: string;
}

/** An entry about a contender, as far as it is known. */
type About = { readonly backend?: string | undefined; readonly variant?: string | undefined };

export function isSameContender(a: About | undefined, b: About | undefined): boolean {
  return a?.backend === b?.backend && a?.variant === b?.variant;
}

/** @returns what a list says of a contender, first; undefined where it says nothing */
export function findContender<Entry extends About>(
  entries: readonly Entry[],
  contender: About | undefined,
): Entry | undefined {
  return entries.find((entry) => isSameContender(entry, contender));
}

/** The contender's name for people. */
export function contenderName({ backend, variant }: Contender): string {
  return `${variant} on ${backend}`;
}

/** The contender that a version is served as. */
export function contenderOf(served: Pick<ServedVersion, 'backend' | 'variant'>): Contender {
  const { backend, variant } = served;
  return { backend, variant: variant.name };
}

/** The variants in the form that a backend loads, in the publisher's order. */
export function variantsFor(backend: AvailableBackend, variants: readonly Variant[]): Variant[] {
  return variants.filter(({ runtime }) => runtime === runtimeOf(backend));
}

export function hasVariantFor(backend: AvailableBackend, variants: readonly Variant[]): boolean {
  return variantsFor(backend, variants).length > 0;
}

export function runsOnCpu(backend: AvailableBackend): boolean {
  return !backend.endsWith('webgpu');
}

/** The form of the weights that a backend loads. */
export function runtimeOf(backend: BackendName): Runtime {
  return backend.startsWith('onnx') ? 'onnx' : 'tfjs';
}
