// Reads and writes the outer form of a WebAssembly module: its sections, and the bodies of its functions.
// WebAssembly Core Specification 2.0, section 5 (binary format).

/** `\0asm` and version 1 (section 5.5.16). */
const PREAMBLE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Ids of sections (section 5.5.2). */
export const CUSTOM = 0;
export const GLOBALS = 6;
export const CODE = 10;

/** An unsigned LEB128 number of 32 bits takes at most so many bytes (section 5.2.2). */
const LONGEST_NUMBER = 5;

/**
 * @param {Uint8Array} bytes a whole module
 * @returns {{ id: number, contents: Uint8Array }[]} in the order of the file; contents are views of `bytes`
 * @throws Error if it is no module, or is cut short
 */
export function readSections(bytes) {
  if (PREAMBLE.some((byte, i) => bytes[i] !== byte)) {
    throw new Error('Expected a WebAssembly module of version 1, got other bytes');
  }
  const sections = [];
  let at = PREAMBLE.length;
  while (at < bytes.length) {
    const { value: size, next } = readNumber(bytes, at + 1);
    sections.push({ id: bytes[at], contents: cut(bytes, next, size) });
    at = next + size;
  }
  return sections;
}

/**
 * @param {readonly { id: number, contents: Uint8Array }[]} sections
 * @returns {Uint8Array} the module
 */
export function writeSections(sections) {
  const parts = sections.flatMap(({ id, contents }) => [
    [id],
    writeNumber(contents.length),
    contents,
  ]);
  return join([PREAMBLE, ...parts]);
}

/**
 * @param {Uint8Array} contents of the code section
 * @returns {Uint8Array[]} a body for each function that the module defines; imported ones have none
 */
export function readBodies(contents) {
  const { value: count, next } = readNumber(contents, 0);
  const bodies = [];
  let at = next;
  for (let i = 0; i < count; i += 1) {
    const { value: size, next: start } = readNumber(contents, at);
    bodies.push(cut(contents, start, size));
    at = start + size;
  }
  return bodies;
}

/**
 * @param {readonly Uint8Array[]} bodies
 * @returns {Uint8Array} the contents of a code section
 */
export function writeBodies(bodies) {
  return join([
    writeNumber(bodies.length),
    ...bodies.flatMap((body) => [writeNumber(body.length), body]),
  ]);
}

/**
 * @param {Uint8Array} bytes a whole module
 * @param {(bodies: Uint8Array[]) => readonly Uint8Array[]} change
 * @returns {Uint8Array} the module with other bodies; all else stays
 */
export function withBodies(bytes, change) {
  return writeSections(
    readSections(bytes).map(({ id, contents }) => ({
      id,
      contents: id === CODE ? writeBodies(change(readBodies(contents))) : contents,
    })),
  );
}

/**
 * @param {string} name
 * @param {Uint8Array} data
 * @returns {{ id: number, contents: Uint8Array }} a section that no engine reads (section 5.5.3)
 */
export function customSection(name, data) {
  const text = new TextEncoder().encode(name);
  return { id: CUSTOM, contents: join([writeNumber(text.length), text, data]) };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {{ value: number, next: number }} an unsigned LEB128 number, and where what follows it begins
 */
export function readNumber(bytes, at) {
  let value = 0;
  for (let i = 0; i < LONGEST_NUMBER; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw new Error(`Expected a number at byte ${at} of the module, got its end or too many bytes`);
}

/**
 * @param {number} value a whole number, 0 or more
 * @returns {number[]} unsigned LEB128
 */
export function writeNumber(value) {
  const bytes = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/**
 * @param {readonly (Uint8Array | number[])[]} parts
 * @returns {Uint8Array}
 */
export function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function cut(bytes, start, size) {
  if (start + size > bytes.length) {
    throw new Error(`Expected ${size} bytes at byte ${start} of the module, got its end`);
  }
  return bytes.subarray(start, start + size);
}
