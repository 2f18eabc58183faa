import { readFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { plainPage } from '../page.mjs';

/** The guide's whole policy, with the models where this run has them. */
async function policyFor(models) {
  const guide = await readFile(`${root}docs/guide/headers.md`, 'utf8');
  const [, policy] = guide.match(/```\nContent-Security-Policy: ([^`]*)\n```/);
  return policy.replaceAll('\n', ' ').replace('https://models.example', models);
}

/** What was built, under the strict policy of docs/guide/headers.md. @type {import('../lane.mjs').Lane} */
export const vite8Policy = {
  name: 'vite-8-policy',
  dependencies: { vite: '8.3.8' },
  files: plainPage(),
  build: ['vite', 'build'],
  output: 'dist',
  headers: async (models) => ({ 'Content-Security-Policy': await policyFor(models) }),
};
