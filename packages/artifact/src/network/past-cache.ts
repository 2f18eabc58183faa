import { isNearsideError } from '@nearside/core';

/**
 * Fetches and verifies, and does so once more past the HTTP cache where that fails. The cache is not to be
 * trusted either: it may keep for a year a bit that flipped once, or the sign-in page of a hotel's network.
 *
 * @param ask is given what its requests are to be made with
 * @throws what the second try fails with; where that has no network, what the first did
 */
export async function pastCache<Answer>(
  ask: (past: { readonly cache?: 'reload' }) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask({});
  } catch (error) {
    // What is retryable did not come from a cache.
    if (!isNearsideError(error) || error.retryable) throw error;
    return await ask({ cache: 'reload' }).catch((again) => {
      throw isNearsideError(again) && again.retryable ? error : again;
    });
  }
}
