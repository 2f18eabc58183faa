import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll } from 'vitest';

/** The folder is inside the checkout, so that packages outside of the bundle are found. */
const FOLDER = new URL('../../node_modules/.cache/nearside-collector/', import.meta.url);

/**
 * Bundles a source of this package for another thread or process, so that tests run the sources there too.
 */
export async function bundle(source: URL): Promise<URL> {
  const folder = new URL(`${process.pid}-${Math.random().toString(36).slice(2)}/`, FOLDER);
  mkdirSync(folder, { recursive: true });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const build = await rolldown({
    input: fileURLToPath(source),
    platform: 'node',
    external: [/^node:/, 'better-sqlite3', 'fastify', 'pg', 'prom-client'],
    resolve: { conditionNames: ['@nearside/source', 'node', 'import'] },
    logLevel: 'silent',
  });
  const file = fileURLToPath(new URL('bundle.mjs', folder));
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
  return new URL('bundle.mjs', folder);
}
