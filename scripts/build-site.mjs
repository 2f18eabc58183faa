// npm run site [-- --base /nearside/] [--out folder]: the docs with the demo, and the benchmark page in benchmark/, as one folder
// for a static host that serves it at that path. All must be built.
import { spawnSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBenchPage } from '../bench/page/start.mjs';
import { requireTargets } from '../docs/.vitepress/require-targets.mjs';
import { ownFolder } from './own-folder.mjs';
import { root } from './root.mjs';

const { values } = parseArgs({
  options: {
    base: { type: 'string', default: '/' },
    out: { type: 'string', default: join(root, '.nearside/site') },
  },
});
const { base } = values;
if (!/^\/(?:[\w~-][\w.~-]*\/)*$/.test(base)) {
  console.error(`Expected --base as a path between slashes, such as /nearside/; got '${base}'.`);
  process.exit(2);
}
const out = ownFolder(values.out);
await rm(out, { recursive: true, force: true });
buildDocs();
await cp(join(root, 'docs/.vitepress/dist'), out, { recursive: true });
await cp(await makeBenchPage(), join(out, 'benchmark'), { recursive: true });
await moveHeaders();
await requireTargets(out, base);
console.log(`Built ${out}: a static host may serve it at ${base}.`);

function buildDocs() {
  const { status } = spawnSync('npm', ['run', '--silent', 'docs:build'], {
    cwd: root,
    env: { ...process.env, NEARSIDE_SITE_BASE: base },
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) process.exit(1);
}

/** Hosts that know such a file read it at the top alone. */
async function moveHeaders() {
  const file = join(out, 'benchmark/_headers');
  const headers = await readFile(file, 'utf8');
  const moved = headers
    .replaceAll(/^\/(?=assets\/)/gm, `${base}benchmark/`)
    .replace(/^\/\*/m, `${base}*`);
  await writeFile(join(out, '_headers'), moved);
  await rm(file);
}
