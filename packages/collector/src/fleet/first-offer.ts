import type { ReleaseEvent } from './releases.js';

/** Finds when a version began to serve. While it was a shadow it served nobody. */
export function firstOffer(
  events: readonly ReleaseEvent[],
  version: string,
): ReleaseEvent | undefined {
  return events.find(
    (one) => one.version === version && one.state !== 'shadow' && one.state !== 'revoked',
  );
}
