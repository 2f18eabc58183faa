import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';

const STEPS = [
  ['weights', 'node', ['scripts/place-weights.mjs']],
  ['example model', 'node', ['scripts/place-example.mjs']],
  ['packages', 'node', ['node_modules/typescript-native/bin/tsc', '-b']],
  ['workers', 'npm', ['run', '--silent', 'build', '-w', 'packages/nearside']],
  ['dashboard', 'npm', ['run', '--silent', 'build', '-w', 'packages/collector']],
  ['example', 'npm', ['run', '--silent', 'build', '-w', 'examples/digits']],
  ['installable example', 'npm', ['run', '--silent', 'build', '-w', 'examples/ocr-pwa']],
];

/** Builds everything, in order. What it prints goes to standard error. */
export function build() {
  for (const [name, command, args] of STEPS) {
    const started = Date.now();
    const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
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
