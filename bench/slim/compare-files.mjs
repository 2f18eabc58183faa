/** Runs of one session. */
const RUNS = 100;

const ENDS = new Set(['trap', 'hang', 'lost']);

/**
 * Runs the same inputs on two runtime files.
 *
 * @param {object} page
 * @param {{ files: { full: string, common: string }, threads: number, model: object, runs: object[], limitMs?: number }} what
 * @returns {Promise<{ inputs: number, different: number, traps: number, examples: string[][] }>} `different`: both
 *   ended, with another bit or another error; `traps`: the common one alone was lost, by a trap or a hang
 */
export async function compareFiles(page, { files, threads, model, runs, limitMs }) {
  const jobs = [];
  for (let at = 0; at < runs.length; at += RUNS)
    jobs.push({ model, runs: runs.slice(at, at + RUNS) });
  const full = await page.work({ wasm: files.full, threads, jobs, limitMs });
  const common = await page.work({ wasm: files.common, threads, jobs, limitMs });
  return countDifferences(full.outcomes, common.outcomes);
}

/** @param {string[][]} full @param {string[][]} common outcomes of the same jobs */
export function countDifferences(full, common) {
  const found = { inputs: 0, different: 0, traps: 0, examples: [] };
  for (const [i, outcomes] of full.entries()) {
    const [after] = common[i].slice(outcomes.length); // when the session was released
    if (ENDS.has(after)) found.traps += 1;
    for (const [j, expected] of outcomes.entries()) {
      const got = common[i][j];
      found.inputs += 1;
      if (got === expected) continue;
      if (ENDS.has(got)) found.traps += 1;
      else found.different += 1;
      if (found.examples.length < 3) found.examples.push([expected, got]);
    }
  }
  return found;
}
