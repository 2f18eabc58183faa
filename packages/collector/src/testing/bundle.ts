import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll } from 'vitest';

/** Inside the checkout, so that what is not bundled is found. */
const FOLDER = new URL('../../node_modules/.cache/nearside-collector/', import.meta.url);

/**
 * One file of JavaScript from a source of this package, for another thread or process: those run what is built, and
 * tests run what is written.
 */
export async function bundle(source: URL): Promise<URL> {
  const folder = new URL(`${process.pid}-${Math.random().toString(36).slice(2)}/`, FOLDER);
  mkdirSync(folder, { recursive: true });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const build = await rolldown({
    input: fileURLToPath(source),
    platform: 'node',
    external: [/^node:/, 'better-sqlite3', 'fastify', 'prom-client'],
    resolve: { conditionNames: ['@nearside/source', 'node', 'import'] },
    logLevel: 'silent',
  });
  await build.write({ file: fileURLToPath(new URL('bundle.mjs', folder)), format: 'esm' });
  await build.close();
  return new URL('bundle.mjs', folder);
}
