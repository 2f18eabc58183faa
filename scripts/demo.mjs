// npm run demo: the whole flow in headless Chromium, on free ports, in a folder of its own.
// Prints one JSON object with --json, else the same for people; everything else is on stderr.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { build } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
ensureChromium();
build();

const { runDemo } = await import('./demo/run-demo.mjs');
const dir = await mkdtemp(`${tmpdir()}/nearside-demo-`);
try {
  const outcome = await runDemo(dir, { say: (line) => console.error(line) });
  console.log(process.argv.includes('--json') ? JSON.stringify(outcome) : format(outcome));
  process.exitCode = outcome.results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}

function format({ results, ...fields }) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}  ${JSON.stringify(value)}`);
  const missed = results.filter(({ ok }) => !ok).map(({ name }) => name);
  return [...lines, missed.length > 0 ? `missed: ${missed.join(', ')}` : 'all as promised'].join(
    '\n',
  );
}
