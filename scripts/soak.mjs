// npm run soak -- [--minutes <n>] [--json]: mixed load at twice what the device can do, in Chromium.
// Exits with 1 when something stayed pending, was rejected without a code, or memory grew.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { build } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled } from './install.mjs';

const MINUTES = 5;

const minutes = parseMinutes(process.argv.slice(2));
ensureInstalled();
ensureChromium();
build();

const { soak } = await import('../bench/soak/soak.mjs');
const dir = await mkdtemp(`${tmpdir()}/nearside-soak-`);
try {
  const outcome = await soak(dir, { minutes, say: (line) => console.error(line) });
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  const whole = { suite: 'soak', machine, ...outcome };
  console.log(process.argv.includes('--json') ? JSON.stringify(whole) : format(whole));
  process.exitCode = outcome.results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}

function parseMinutes(flags) {
  const at = flags.indexOf('--minutes');
  if (at < 0) return MINUTES;
  const minutes = Number(flags[at + 1]);
  if (minutes > 0 && minutes <= 24 * 60) return minutes;
  console.error(
    `soak: expected --minutes and a number above 0, at most 1440; got '${flags[at + 1] ?? ''}'`,
  );
  process.exit(2);
}

function format({ results, ...fields }) {
  const rows = results.map(
    ({ name, value, target, ok }) => `${ok ? '✓' : '✗'} ${name}  ${value}  target ${target}`,
  );
  const lines = Object.entries(fields).map(([name, value]) => `${name}  ${JSON.stringify(value)}`);
  return [...lines, ...rows].join('\n');
}
