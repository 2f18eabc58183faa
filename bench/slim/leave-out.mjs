import { keepFunctions } from '../../scripts/slim/keep-functions.mjs';
import { markFunctions } from '../../scripts/slim/mark-functions.mjs';
import { sized } from '../sized.js';
import { compareFiles } from './compare-files.mjs';
import { drawn } from './corpus.mjs';
import { OUR_MODELS } from './models.mjs';
import { functionsOf } from './profile.mjs';

const PASSES = [
  { threads: 1, runs: 8, wrongRuns: 14 },
  { threads: 2, runs: 3, wrongRuns: 0 },
];

/** The families of our models: each is left out as a whole. */
const FAMILIES = {
  recogniser: ['recognize'],
  OCR: ['detect', 'recognize'],
  digits: ['digits-fp32', 'digits-int8'],
  voice: ['silero'],
  people: ['people'],
  table: ['breast-cancer'],
};

const RUNS = sized(6);

/**
 * What becomes of a model that nobody thought of: makes files from the models of all families but one, without the
 * models of single operators, and runs that one's.
 *
 * @returns {Promise<{ inputs: number, different: number, traps: number }>}
 */
export async function leaveOut(page, { full, wasm, models, seeds }) {
  const { bytes, marks } = markFunctions(full);
  const marked = { wasm: await page.addWasm('marked', bytes), marks };
  const functions = {};
  for (const name of Object.keys(OUR_MODELS)) {
    const found = await functionsOf(page, marked, { name, model: models[name], passes: PASSES });
    functions[name] = [...found.single, ...found.several];
  }
  const all = { inputs: 0, different: 0, traps: 0 };
  for (const [family, members] of Object.entries(FAMILIES)) {
    const others = Object.entries(functions).filter(([name]) => !members.includes(name));
    const kept = new Set(others.flatMap(([, entered]) => entered));
    const common = await page.addWasm(`without-${family}`, keepFunctions(full, [...kept]));
    for (const name of members) {
      const runs = drawn(RUNS, seeds);
      const model = { ...models[name], state: undefined }; // a trap would lose it
      const found = await compareFiles(page, {
        files: { full: wasm, common },
        threads: 1,
        model,
        runs,
      });
      console.error(`made without ${family}, ${name}: ${JSON.stringify(found)}`);
      for (const key of Object.keys(all)) all[key] += found[key];
    }
  }
  return all;
}
