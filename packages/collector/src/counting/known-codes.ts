import { BACKENDS, DEVICE_CLASSES, ERROR_CODES, LOSS_REASONS } from '@nearside/core';

/** What stands for a name that this collector does not know, or has no row for. */
export const OTHER = 'other';

export const backendName = knownIn(BACKENDS);
export const deviceName = knownIn(DEVICE_CLASSES);
export const codeName = knownIn(ERROR_CODES);
export const reasonName = knownIn(LOSS_REASONS);

/** Reports of a newer library may name what is not known here yet: it counts as `other`. */
function knownIn(list: readonly string[]): (name: string) => string {
  const known = new Set(list);
  return (name) => (known.has(name) ? name : OTHER);
}
