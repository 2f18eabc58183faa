// npm run bench:page [-- --build-only]
import { fileURLToPath } from 'node:url';
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { buildBenchPage } from './build.mjs';

/** Beside the examples' own; a taken one gives way to the next. */
const PORT = 5180;

const outDir = fileURLToPath(new URL('./dist', import.meta.url));

ensureInstalled();
build();
await buildBenchPage(outDir);
console.log(`Built ${outDir}: a static host may serve it as it is.`);
if (!process.argv.includes('--build-only')) {
  const { url } = await serveSite({ dir: outDir, config: {}, port: PORT });
  console.log(`Benchmark page   ${url}`);
}
