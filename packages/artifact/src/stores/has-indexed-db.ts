/**
 * Whether there is IndexedDB at all. In a sandboxed frame there is, and opening a database throws; where
 * site data is blocked, some browsers throw when it is touched.
 */
export function hasIndexedDb(): boolean {
  try {
    return typeof indexedDB !== 'undefined' && indexedDB !== null;
  } catch {
    return false;
  }
}
