import { type ErrorCode, isNearsideError } from '@nearside/core';

/**
 * What can be read and verified, for those who go on without it.
 *
 * @param code the one failure that counts; by default every one that has a code
 * @returns undefined where it cannot
 */
export async function ifUsable<Result>(
  read: () => Promise<Result>,
  code?: ErrorCode,
): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isNearsideError(error) && (code === undefined || error.code === code)) return undefined;
    throw error;
  }
}
