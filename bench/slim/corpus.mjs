import { goldenRuns } from './models.mjs';

/** Wrong in each of these ways; `file` is a broken model. */
export const SPOILS = ['shape', 'datatype', 'missing', 'extra', 'special', 'empty', 'file'];

/**
 * What a list of functions is made from: of a model its golden cases, drawn inputs and a profile in one session;
 * then in a second one wrong inputs and broken files, and right ones again, because a session goes on after a failed run.
 *
 * @param {object} model with addresses of files
 * @param {{ runs: number, wrongRuns: number, from: number }} counts `from` is the first seed
 * @returns {Promise<object[]>} jobs as `worker.js` takes them
 */
export async function corpusJobs(model, { runs, wrongRuns, from }) {
  const good = [...(await goldenRuns(model)), ...drawn(runs, from), { profile: true, seed: from }];
  const wrong = [...drawn(2, from), ...spoiled(wrongRuns, from), ...drawn(2, from)];
  const jobs = [
    { model, runs: good },
    { model, runs: wrong },
  ];
  if (model.dimensions)
    jobs.push({ model: { ...model, dimensions: undefined }, runs: drawn(1, from) });
  return jobs;
}

export function drawn(count, from) {
  return Array.from({ length: count }, (_, i) => ({ seed: from + i }));
}

export function spoiled(count, from) {
  return Array.from({ length: count }, (_, i) => ({
    seed: from + i,
    spoil: SPOILS[i % SPOILS.length],
  }));
}
