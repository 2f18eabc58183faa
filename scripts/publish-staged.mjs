// npm run publish:staged: publishes what `npm run stage -- --release` made, each package after what it depends on. What the
// registry has already is left out, so a publish that ended midway is begun again.
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGES } from './publishing.mjs';
import { root } from './root.mjs';

// npm lets a package's `publishConfig` win over the environment, and a flag over both.
const isTrial = process.env.npm_config_provenance === 'false';
const flags = ['--ignore-scripts', ...(isTrial ? ['--no-provenance'] : [])];

for (const folder of PACKAGES) {
  const dir = join(root, '.nearside/packages', folder);
  const { name, version } = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
  if (isPublished(`${name}@${version}`)) {
    console.log(`${name} ${version} is published already.`);
    continue;
  }
  const { status } = spawnSync('npm', ['publish', dir, ...flags], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  console.log(`Published ${name} ${version}.`);
}

/** A registry that does not answer has it not, and refuses the publish too. */
function isPublished(release) {
  const { status, stdout } = spawnSync('npm', ['view', release, 'version'], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '';
}
