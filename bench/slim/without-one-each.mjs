import { sized } from '../sized.js';
import { countDifferences } from './compare-files.mjs';

/** A session on two threads starts in one second here; a hang is taken for one after, ms. */
const LIMIT_MS = 5_000;

/** Most that all of them together may take, ms; the rest is not tried. */
const LONGEST_MS = sized(600_000);

/** Every fifth one comes first, so that those which are tried lie everywhere. */
const STEP = 5;

/**
 * Makes a file without one function for each of several, and runs a model on two threads with it: does one ever answer
 * with other numbers?
 * It counts runs; standard error says what became of each.
 *
 * @param {{ functions: number[], make(left: number): Uint8Array, wasm: string, model: object, runs: object[] }} what
 *   `wasm` is the address of the whole file
 * @returns {Promise<{ inputs: number, different: number, traps: number }>}
 */
export async function withoutOneEach(page, { functions, make, wasm, model, runs }) {
  const jobs = [{ model, runs }];
  const full = await page.work({ wasm, threads: 2, jobs });
  const all = { inputs: 0, different: 0, traps: 0 };
  const endMs = performance.now() + LONGEST_MS;
  for (const left of spread(functions)) {
    if (performance.now() > endMs) break;
    const without = await page.addWasm('without-one', make(left));
    const address = `${without}?${left}`; // the browser must not take the file before
    const { outcomes } = await page.work({ wasm: address, threads: 2, jobs, limitMs: LIMIT_MS });
    const found = countDifferences(full.outcomes, outcomes);
    console.error(`without ${left}: ${outcomes.flat().join(' ')}`);
    for (const key of Object.keys(all)) all[key] += found[key];
  }
  return all;
}

function spread(functions) {
  return Array.from({ length: STEP }, (_, first) =>
    functions.filter((_, i) => i % STEP === first),
  ).flat();
}
