import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { root } from '../scripts/root.mjs';
import { FIRST_DIGITS, packDigits } from './digits-repository.js';
import { MADE_ONCE } from './made-once.js';

/**
 * Before the first test: builds the pages and packs the model that the tests share. No file of tests does that
 * for itself: it would take longer than most of its tests.
 *
 * @returns what removes them
 */
export default async function makeOnce(): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'nearside-tests-'));
  const { NODE_ENV } = process.env;
  const building = ['page', 'workshop'].map((page) =>
    build({
      configFile: false,
      root: `${root}tests/${page}`,
      logLevel: 'error',
      worker: { format: 'es' },
      build: { outDir: join(dir, page), target: 'esnext', assetsInlineLimit: 0 },
    }),
  );
  await Promise.all([...building, packDigits(dir, FIRST_DIGITS)]);
  // Vite sets it for a build; a test's `npm install` would leave out what is for development.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = NODE_ENV;
  process.env[MADE_ONCE] = dir;
  return () => rm(dir, { recursive: true });
}
