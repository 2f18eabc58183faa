import { gzipSync } from 'node:zlib';
import { keepFunctions } from '../../scripts/slim/keep-functions.mjs';
import { CODE, readBodies, readSections } from '../../scripts/slim/wasm-module.mjs';

/** What the file may take with `gzip -9`, bytes. Models that do not fit are left out. */
const BUDGET = 1_599_000;

/**
 * Adds models one after another, always the one that needs the least code more, while the file stays small enough.
 *
 * @param {Uint8Array} full
 * @param {readonly number[]} functions that stay in any case
 * @param {readonly { name: string, functions: number[] }[]} candidates with the functions that each enters
 * @returns {{ names: string[], functions: number[] }} whose functions stay, and all that stay
 */
export function chooseWhatFits(full, functions, candidates) {
  const code = readSections(full).find(({ id }) => id === CODE);
  const sizes = readBodies(code.contents).map(({ length }) => length);
  const kept = new Set(functions);
  const names = [];
  const rest = [...candidates];
  const missing = ({ functions: wanted }) => wanted.filter((each) => !kept.has(each));
  const cost = (each) => missing(each).reduce((sum, one) => sum + sizes[one], 0);
  while (rest.length > 0) {
    rest.sort((a, b) => cost(b) - cost(a));
    const next = rest.pop();
    const more = missing(next);
    const size = gzipSync(keepFunctions(full, [...kept, ...more]), { level: 9 }).length;
    console.error(`${next.name}: ${more.length} more functions, ${size} bytes in all`);
    if (size > BUDGET) continue;
    names.push(next.name);
    for (const each of more) kept.add(each);
  }
  return { names, functions: [...kept] };
}
