import { buckets } from './buckets.mjs';

/**
 * Who is in a rollout, what is made of it with nobody awake, and how fast devices are back.
 *
 * @param {string} dir empty folder to work in
 * @param {{ trials?: number }} options rollouts of each kind, and ways back
 */
export async function* runSuite(_dir, _options) {
  yield* buckets();
}
