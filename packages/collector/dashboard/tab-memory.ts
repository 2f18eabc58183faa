/**
 * Remembers words while the tab is open. A browser that keeps no data for this site throws at the first touch, and the
 * page works without.
 *
 * @returns false where nothing is kept
 */
export function remember(key: string, words: string): boolean {
  try {
    sessionStorage.setItem(key, words);
    return true;
  } catch {
    return false;
  }
}

/** @returns nothing where nothing is remembered */
export function remembered(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}

/** Loads the page again, unless it did so for this reason before. Where that cannot be remembered, it does not. */
export function loadAgainOnce(reason: string): void {
  if (!remembered(reason) && remember(reason, 'yes')) location.reload();
}
