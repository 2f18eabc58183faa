declare const unverified: unique symbol;

/**
 * Bytes of a file that somebody handed to the page: nobody vouches for them. Only
 * {@link readUnverified} makes them, for `openUnsigned`; the path of `open` takes `VerifiedBytes`
 * alone, which these are not.
 */
export type UnverifiedBytes = Uint8Array<ArrayBuffer> & { readonly [unverified]: true };

/** Reads a file into a buffer nobody else holds. */
export async function readUnverified(file: Blob): Promise<UnverifiedBytes> {
  return new Uint8Array(await file.arrayBuffer()) as UnverifiedBytes;
}
