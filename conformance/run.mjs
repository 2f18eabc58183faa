// npm run conformance [-- --json] [--require-all]
// Other people's tools judge what the publisher signs, and every attack on it. Ends with
// `N passed, N failed`; exits 1 when a verdict differs, or with --require-all when a tool is missing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/build.mjs';
import { ensureInstalled } from '../scripts/install.mjs';

const options = parseOptions();
ensureInstalled();
build();

const { ensureDebianTools } = await import('./debian-tools.mjs');
const { judge } = await import('./judge.mjs');
const { countCells } = await import('./compare.mjs');
const { formatReport } = await import('./report.mjs');

const workDirectory = await mkdtemp(join(tmpdir(), 'nearside-conformance-'));
const { rows, tools } = await judge({ workDirectory, debianTools: ensureDebianTools() });
await rm(workDirectory, { recursive: true, force: true });

const counts = countCells(rows);
if (options.json) console.log(JSON.stringify({ ...counts, tools, rows }));
else console.log(formatReport(rows, tools));
const missing = tools.filter((tool) => tool.missing !== undefined);
if (counts.failed > 0 || (options['require-all'] && missing.length > 0)) process.exitCode = 1;

function parseOptions() {
  try {
    const flags = { json: { type: 'boolean' }, 'require-all': { type: 'boolean' } };
    return parseArgs({ options: flags }).values;
  } catch (error) {
    console.error(`conformance: ${error.message}`);
    process.exit(2);
  }
}
