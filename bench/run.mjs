// npm run bench -- <suite> [--json] [--gate]
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { build } from '../scripts/build.mjs';
import { ensureChromium } from '../scripts/chromium.mjs';
import { ensureInstalled } from '../scripts/install.mjs';

const SUITES = { runtime: './runtime/run.mjs' };

const [suite, ...flags] = process.argv.slice(2);
if (!(suite in SUITES)) {
  console.error(`bench: expected one of ${Object.keys(SUITES).join(', ')}; got '${suite ?? ''}'`);
  process.exit(2);
}
ensureInstalled();
ensureChromium();
build();

const { runSuite } = await import(SUITES[suite]);
const dir = await mkdtemp(`${tmpdir()}/nearside-bench-`);
const results = await runSuite(dir);
await rm(dir, { recursive: true, force: true });

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
if (flags.includes('--json')) console.log(JSON.stringify({ suite, machine, results }));
else for (const row of results) console.log(format(row));
if (flags.includes('--gate') && results.some(({ ok }) => !ok)) process.exitCode = 1;

function format({ name, value, unit, interval, target, ok }) {
  const range = interval.map((bound) => bound.toFixed(3)).join(' … ');
  return `${ok ? '✓' : '✗'} ${name}  ${value.toFixed(3)} ${unit}  [${range}]  target ${target}`;
}
