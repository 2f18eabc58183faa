import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';
import { scratchFolder } from './scratch-folder.mjs';

const VITE = ['node', `${root}node_modules/vite/bin/vite.js`, 'build'];

/** Each with a file that is there when it was made. Of the examples only what Vite makes: `npm test` checks their types. */
const STEPS = [
  {
    name: 'example model',
    command: ['node', 'scripts/place-example.mjs'],
    makes: 'packages/publisher/example/digits/model.json',
  },
  {
    name: 'packages',
    command: ['node', 'node_modules/typescript-native/bin/tsc', '-b'],
    makes: 'packages/publisher/dist/index.js',
  },
  {
    name: 'weights', // the publisher makes some of them
    command: ['node', 'scripts/place-weights.mjs'],
    makes: 'models/voice/int8/model.onnx',
  },
  {
    name: 'workers',
    command: ['npm', 'run', '--silent', 'build', '-w', 'packages/nearside'],
    makes: 'packages/nearside/dist/nearside.global.js',
  },
  {
    name: 'dashboard',
    command: ['npm', 'run', '--silent', 'build', '-w', 'packages/collector'],
    makes: 'packages/collector/dist/dashboard/index.html',
  },
  {
    name: 'example',
    command: VITE,
    folder: 'examples/digits',
    makes: 'examples/digits/dist/index.html',
  },
  {
    name: 'installable example',
    command: VITE,
    folder: 'examples/ocr-pwa',
    makes: 'examples/ocr-pwa/dist/index.html',
  },
];

/** Builds what was never built, and leaves all else as it is. */
export function buildMissing() {
  buildSteps(STEPS.filter(({ makes }) => !existsSync(`${root}${makes}`)));
}

/** Builds everything, in order. What it prints goes to standard error. */
export function build() {
  buildSteps(STEPS);
}

function buildSteps(steps) {
  if (steps.length === 0) return;
  // The tool that makes the service worker leaves its files among the temporary ones.
  const temporary = mkdtempSync(`${scratchFolder()}/nearside-build-`);
  const failed = steps.find((step) => !isMade(step, temporary));
  rmSync(temporary, { recursive: true });
  if (!failed) return;
  console.error(`Making the ${failed.name} failed; the output is above.`);
  process.exit(1);
}

function isMade({ name, command, folder = '' }, temporary) {
  const started = Date.now();
  const [program, ...args] = command;
  const cwd = `${root}${folder}`;
  const env = { ...process.env, TMPDIR: temporary };
  const { status } = spawnSync(program, args, { cwd, env, stdio: ['ignore', 2, 2] });
  if (status !== 0) return false;
  console.error(`Made ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  return true;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  ensureInstalled();
  build();
}
