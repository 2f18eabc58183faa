// npm run release [-- test|stage|publish …]: the parts of a release, in their order. Without a word it does all up to the push of the
// tag: `test` and `stage`. The jobs of .github/workflows/release.yml each call it with one. It needs nothing that is installed.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { root } from './root.mjs';

/** The scripts of package.json that each part runs, the quickest to fail first. */
export const PARTS = {
  test: [
    ['test'],
    ['test:types-of-consumers'],
    ['test:registry'],
    ['test:consumers'],
    ['test:long'],
  ],
  stage: [['stage', '--release', '--tag', tag()]],
  publish: [['publish:staged']],
};

/** What is done before the tag is pushed. */
const BEFORE_PUSH = ['test', 'stage'];

if (process.argv[1] === new URL(import.meta.url).pathname) main(process.argv.slice(2));

function main(words) {
  const unknown = words.find((word) => !Object.hasOwn(PARTS, word));
  if (unknown !== undefined) {
    console.error(`Expected ${Object.keys(PARTS).join(', ')} or nothing, got '${unknown}'.`);
    process.exit(2);
  }
  const parts = words.length > 0 ? words : BEFORE_PUSH;
  for (const [script, ...args] of parts.flatMap((part) => PARTS[part])) {
    const { status } = spawnSync('npm', ['run', script, '--', ...args], {
      cwd: root,
      stdio: 'inherit',
    });
    if (status === 0) continue;
    console.error(`The release ends here: npm run ${script} failed.`);
    process.exit(1);
  }
  if (words.length === 0) console.log(`All is tested and staged: push the tag ${tag()}.`);
}

/** The tag that was pushed, or the one that will be. */
function tag() {
  const { version } = JSON.parse(readFileSync(`${root}packages/nearside/package.json`, 'utf8'));
  return process.env.GITHUB_REF_NAME ?? `v${version}`;
}
