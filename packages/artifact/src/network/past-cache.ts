import { isNearsideError } from '@nearside/core';

/**
 * Fetches and verifies. If that fails it does so once more, past the HTTP cache, which is not trusted either: it may
 * keep for a year a flipped bit, or the sign-in page of a hotel's network.
 *
 * @param ask is given the options for its requests
 * @throws the error of the second try, or of the first if the second has no network
 */
export async function pastCache<Answer>(
  ask: (past: { readonly cache?: 'reload' }) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask({});
  } catch (error) {
    // A retryable failure did not come from a cache.
    if (!isNearsideError(error) || error.retryable) throw error;
    return await ask({ cache: 'reload' }).catch((again) => {
      throw isNearsideError(again) && again.retryable ? error : again;
    });
  }
}
