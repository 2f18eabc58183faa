import { join, resolve } from 'node:path';
import { root } from './root.mjs';

/** What commands make in the checkout is in here. */
const MADE = join(root, '.nearside/');

/**
 * A folder that a command deletes and makes anew. One that holds the checkout, or is a part of it, ends the process.
 *
 * @param {string} out as `--out` has it
 * @returns {string} its path
 */
export function ownFolder(out) {
  const path = join(resolve(out), '/');
  const isOfCheckout = path.startsWith(root) && !path.startsWith(MADE);
  if (!root.startsWith(path) && !isOfCheckout) return resolve(out);
  console.error(
    `Expected --out as a folder of its own, which is made anew: outside of the checkout or in .nearside; got ${path}.`,
  );
  process.exit(2);
}
