import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';

const VITE = ['node', `${root}node_modules/vite/bin/vite.js`, 'build'];

/** Of the examples only what Vite makes: `npm test` checks their types. */
const STEPS = [
  { name: 'weights', command: ['node', 'scripts/place-weights.mjs'] },
  { name: 'example model', command: ['node', 'scripts/place-example.mjs'] },
  { name: 'packages', command: ['node', 'node_modules/typescript-native/bin/tsc', '-b'] },
  { name: 'workers', command: ['npm', 'run', '--silent', 'build', '-w', 'packages/nearside'] },
  { name: 'dashboard', command: ['npm', 'run', '--silent', 'build', '-w', 'packages/collector'] },
  { name: 'example', command: VITE, folder: 'examples/digits' },
  { name: 'installable example', command: VITE, folder: 'examples/ocr-pwa' },
];

/** Builds everything, in order. What it prints goes to standard error. */
export function build() {
  for (const { name, command, folder = '' } of STEPS) {
    const started = Date.now();
    const [program, ...args] = command;
    const cwd = `${root}${folder}`;
    const { status } = spawnSync(program, args, { cwd, stdio: ['ignore', 2, 2] });
    if (status !== 0) {
      console.error(`Making the ${name} failed; the output is above.`);
      process.exit(1);
    }
    console.error(`Made ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s.`);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  ensureInstalled();
  build();
}
