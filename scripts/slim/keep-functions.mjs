import { createHash } from 'node:crypto';
import { customSection, readSections, withBodies, writeSections } from './wasm-module.mjs';

/** The section that says what a module was made of: `sha256:` and the hash of the full file, as hexadecimal text. */
export const ORIGIN_SECTION = 'nearside.made-of';

/** No locals, `unreachable`, `end`: whoever calls the function gets a `RuntimeError`, and no number. */
const TRAP = Uint8Array.of(0, 0x00, 0x0b);

/**
 * Leaves out the bodies of all functions but some. What stays, stays byte for byte: functions keep their numbers,
 * types and places in tables, and data is not touched.
 *
 * @param {Uint8Array} full the module
 * @param {readonly number[]} kept functions that stay; the first one that the module defines is 0
 * @returns {Uint8Array} the module, which names the full one in {@link ORIGIN_SECTION}
 */
export function keepFunctions(full, kept) {
  const stays = new Set(kept);
  const less = withBodies(full, (bodies) =>
    bodies.map((body, i) => (stays.has(i) || body.length <= TRAP.length ? body : TRAP)),
  );
  const origin = new TextEncoder().encode(`sha256:${sha256(full)}`);
  return writeSections([...readSections(less), customSection(ORIGIN_SECTION, origin)]);
}

/** @param {Uint8Array} bytes */
export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
