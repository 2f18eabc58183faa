import {
  ARMS,
  BACKENDS,
  DEVICE_CLASSES,
  ERROR_CODES,
  LOSS_REASONS,
  LOST_CODES,
} from '@nearside/core';

/** Stands for a name that this collector does not know, or has no row for. */
export const OTHER = 'other';

export const armName = knownIn(ARMS);
export const backendName = knownIn(BACKENDS);
export const deviceName = knownIn(DEVICE_CLASSES);
export const codeName = knownIn(ERROR_CODES);
/** Names why a device left a backend alone. */
export const quarantineName = knownIn([...ERROR_CODES, ...LOST_CODES]);
export const reasonName = knownIn(LOSS_REASONS);

/** A newer library may send names that are not known here. They count as `other`. */
function knownIn(list: readonly string[]): (name: string) => string {
  const known = new Set(list);
  return (name) => (known.has(name) ? name : OTHER);
}
