import type { AvailableBackend } from '../runtime-assets.js';

/** One way of serving a version: a variant of it on a backend. */
export interface Candidate {
  readonly backend: AvailableBackend;
  readonly variant: string;
}

export function isSameCandidate(
  a: { readonly backend: string; readonly variant?: string | undefined } | undefined,
  b: typeof a,
): boolean {
  return a?.backend === b?.backend && a?.variant === b?.variant;
}

/** As people read it. */
export function candidateName({ backend, variant }: Candidate): string {
  return `${variant} on ${backend}`;
}
