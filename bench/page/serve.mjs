// npm run bench:page [-- --build-only]
import { build } from '../../scripts/build.mjs';
import { ensureInstalled } from '../../scripts/install.mjs';

ensureInstalled();
build();
const { makeBenchPage, serveBenchPage } = await import('./start.mjs');
console.log(`Built ${await makeBenchPage()}: a static host may serve it as it is.`);
if (!process.argv.includes('--build-only')) {
  const { url } = await serveBenchPage();
  console.log(`Benchmark page   ${url}`);
}
