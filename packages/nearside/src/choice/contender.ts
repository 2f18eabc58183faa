import type { AvailableBackend } from '../runtime-assets.js';

/** One way of serving a version: a variant of it on a backend. */
export interface Contender {
  readonly backend: AvailableBackend;
  readonly variant: string;
}

export function isSameContender(
  a: { readonly backend: string; readonly variant?: string | undefined } | undefined,
  b: typeof a,
): boolean {
  return a?.backend === b?.backend && a?.variant === b?.variant;
}

/** As people read it. */
export function contenderName({ backend, variant }: Contender): string {
  return `${variant} on ${backend}`;
}

/** What serves, as a contender. */
export function contenderOf({
  backend,
  variant,
}: {
  readonly backend: AvailableBackend;
  readonly variant: { readonly name: string };
}): Contender {
  return { backend, variant: variant.name };
}
