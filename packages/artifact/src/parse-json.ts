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
  const fault = findFault(text);
  if (!fault) return value;
  const { key } = fault;
  throw new NearsideError(
    code,
    key === undefined
      ? `${what}: expected whole characters, got half of a surrogate pair.`
      : `${what}: expected every key once in an object, got '${key}' twice.`,
    { details: { what, ...(key !== undefined && { key }) } },
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

interface Fault {
  /** The key that stands twice; undefined where a text has half of a surrogate pair. */
  readonly key?: string;
}

/**
 * Goes from string to string, and counts the objects around. A regular expression for strings would take a stack as long
 * as they are.
 *
 * @param text valid JSON. In UTF-8 only an escape can be half of a pair
 */
function findFault(text: string): Fault | undefined {
  /** Keys of the open objects, undefined before the first. A key stands in the innermost. */
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at);
      last = text.slice(at, end);
      if (last.includes('\\u') && /\p{Surrogate}/u.test(JSON.parse(last))) return {};
      at = end - 1;
    } else if (character === '{') open.push(undefined);
    else if (character === '}') open.pop();
    else if (character === ':') {
      const key = JSON.parse(last) as string;
      const keys = open.pop() ?? new Set();
      if (keys.has(key)) return { key };
      open.push(keys.add(key));
    }
  }
  return undefined;
}

/** @returns the offset behind the quote that ends a string: one with an even number of backslashes before it */
function endOfString(text: string, start: number): number {
  let quote = start;
  for (let isEscaped = true; isEscaped; ) {
    quote = text.indexOf('"', quote + 1);
    let first = quote;
    while (text[first - 1] === '\\') first -= 1;
    isEscaped = (quote - first) % 2 === 1;
  }
  return quote + 1;
}
