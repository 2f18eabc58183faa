import { fileURLToPath } from 'node:url';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildBenchPage } from './build.mjs';

/** Beside the examples' own; a taken one gives way to the next. */
const PORT = 5180;

const outDir = fileURLToPath(new URL('./dist', import.meta.url));

/** Builds the page, where the packages are built. @returns {Promise<string>} its folder */
export async function makeBenchPage() {
  await buildBenchPage(outDir);
  return outDir;
}

export function serveBenchPage() {
  return serveSite({ dir: outDir, config: {}, port: PORT });
}
