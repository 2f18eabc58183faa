import { type ErrorCode, NearsideError } from '@nearside/core';

/**
 * Parses untrusted UTF-8 JSON bytes. A key that stands twice in one object is refused: parsers differ in which of the
 * two they take, so two tools could read the same bytes differently. So is half of a surrogate pair, which UTF-8 does not
 * have: signatures would hold for it that were made over U+FFFD.
 *
 * @param what names the document in the message, for instance `timestamp.json`
 * @throws NearsideError `code` when the bytes are not UTF-8, not JSON, or have such a key or text
 */
export function parseJson(
  bytes: Uint8Array,
  { code, what }: { code: ErrorCode; what: string },
): unknown {
  const { text, value } = read(bytes, { code, what });
  if (hasHalfPair(text)) {
    throw new NearsideError(
      code,
      `${what}: expected whole characters, got half of a surrogate pair.`,
      {
        details: { what },
      },
    );
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate === undefined) return value;
  throw new NearsideError(
    code,
    `${what}: expected every key once in an object, got '${duplicate}' twice.`,
    { details: { what, key: duplicate } },
  );
}

function read(bytes: Uint8Array, { code, what }: { code: ErrorCode; what: string }) {
  try {
    // A byte order mark is kept, so that it is refused (RFC 8259, section 8.1).
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const text = decoder.decode(bytes);
    return { text, value: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new NearsideError(code, `${what}: expected JSON in UTF-8, got something else.`, {
      cause,
      details: { what, sizeBytes: bytes.length },
    });
  }
}

/** Strings and punctuation. Nothing else matters here in valid JSON. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

/** @param text valid JSON. In UTF-8 only an escape can be half of a pair */
function hasHalfPair(text: string): boolean {
  if (!text.includes('\\u')) return false;
  return [...text.matchAll(TOKENS)].some(
    ([token]) => token.includes('\\u') && /\p{Surrogate}/u.test(JSON.parse(token) as string),
  );
}

/** @param text valid JSON */
function findDuplicateKey(text: string): string | undefined {
  /** Keys of the open objects. Undefined stands for an open array. */
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const key = JSON.parse(last) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    last = token;
  }
  return undefined;
}
