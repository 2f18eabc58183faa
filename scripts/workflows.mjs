import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { root } from './root.mjs';

/**
 * A workflow of the code host.
 *
 * @param {string} name of a file in `.github/workflows`, without its ending
 * @returns {Promise<{ on: object, permissions: object, env?: Record<string, string>, jobs: Record<string, Job> }>}
 *
 * @typedef {{ permissions?: Record<string, string>, container?: string, steps: Step[], needs?: string }} Job
 * @typedef {{ run?: string, uses?: string, with?: Record<string, unknown>, env?: Record<string, string> }} Step
 */
export async function readWorkflow(name) {
  return parse(await readFile(`${root}.github/workflows/${name}.yml`, 'utf8'));
}
