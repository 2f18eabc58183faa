import { NearsideError, parse } from '@nearside/core';
import * as v from 'valibot';
import { fromBase64 } from '../base64.js';
import { parseJson } from '../parse-json.js';

/**
 * `boot/<model>.json` holds the small files that a first open would otherwise fetch one after another. It needs no
 * trust: every file in it goes through the same verification as a fetched one, and any failure makes the device take
 * the plain walk.
 */
export const BootFileSchema = v.looseObject({
  format: v.literal(1),
  /** Path in the repository → the file: JSON as its own text, which packs better; any other in base64. */
  files: v.record(v.string(), v.string()),
});

export type BootFile = v.InferOutput<typeof BootFileSchema>;

/** @returns path → bytes. @throws NearsideError `metadata-malformed` */
export function parseBootFile(raw: Uint8Array): Map<string, Uint8Array<ArrayBuffer>> {
  const malformed = { code: 'metadata-malformed', what: 'the boot file' } as const;
  const { files } = parse(BootFileSchema, parseJson(raw, malformed), malformed);
  try {
    return new Map(Object.entries(files).map(([path, text]) => [path, bytesOf(text)]));
  } catch (cause) {
    const message = 'The boot file: expected JSON or base64, got other text.';
    throw new NearsideError('metadata-malformed', message, { cause });
  }
}

/** Base64 has no braces. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return text.startsWith('{') ? new TextEncoder().encode(text) : fromBase64(text);
}
