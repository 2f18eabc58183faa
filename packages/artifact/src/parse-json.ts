import { type ErrorCode, NearsideError } from '@nearside/core';

/**
 * Parses untrusted UTF-8 JSON bytes.
 *
 * @param what names the document in the message, for instance `timestamp.json`
 * @throws NearsideError `code` when the bytes are not UTF-8 or not JSON
 */
export function parseJson(
  bytes: Uint8Array,
  { code, what }: { code: ErrorCode; what: string },
): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new NearsideError(code, `${what}: expected JSON in UTF-8, got something else.`, {
      cause,
      details: { what, sizeBytes: bytes.length },
    });
  }
}
