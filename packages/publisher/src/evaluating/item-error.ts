import { type ErrorCode, isNearsideError, NearsideError } from '@nearside/core';

/** An item of a folder is not what the model can be asked. */
export function itemInvalid(
  item: string,
  expected: string,
  got: string,
  code: ErrorCode = 'input-invalid',
): NearsideError {
  return new NearsideError(code, `${item}: expected ${expected}, got ${got}.`, {
    details: { item, expected, got },
  });
}

/** Adds the item's name to an error of what only sees its input. */
export async function namingItem<T>(item: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNearsideError(error) || error.details.item !== undefined) throw error;
    const { code, message, details } = error;
    throw new NearsideError(code, `${item}: ${message}`, {
      cause: error,
      details: { ...details, item },
    });
  }
}
