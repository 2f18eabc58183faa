// npm run test:consumers -- [--only <lane>] [--json]: does the packed library work in other people's tools?
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { build } from '../scripts/build.mjs';
import { ensureChromium } from '../scripts/chromium.mjs';
import { ensureInstalled } from '../scripts/install.mjs';
import { parseArguments } from './arguments.mjs';
import { figuresOfRepository } from './figures.mjs';
import { lanes } from './lanes.mjs';
import { metricsOf, tableOf } from './report.mjs';

const startMs = Date.now();
const { only, json } = parseArguments(
  process.argv.slice(2),
  lanes.map(({ name }) => name),
);
ensureInstalled();
ensureChromium();
build();
const results = await runLanes(
  lanes.filter(({ name }) => only.length === 0 || only.includes(name)),
);
tell(results, await figuresOfRepository());
process.exitCode = results.every(({ works }) => works) ? 0 : 1;

/** One after another, each in a folder of its own. */
async function runLanes(chosen) {
  // These need what is installed and built.
  const { packDependencies } = await import('./packages.mjs');
  const { startRecordedModels } = await import('./models.mjs');
  const { runLane } = await import('./run-lane.mjs');
  const { startBrowser } = await import('./visits.mjs');
  const dir = await mkdtemp(`${tmpdir()}/nearside-consumers-`);
  const packages = await packDependencies(`${dir}/packages`);
  const models = await startRecordedModels(dir);
  const browser = await startBrowser();
  const results = [];
  for (const lane of chosen) {
    console.error(`${lane.name} …`);
    results.push(await runLane(lane, { dir, packages, browser, models, pin: models.pin }));
  }
  await browser.close();
  await models.close();
  await rm(dir, { recursive: true });
  return results;
}

function tell(results, ofRepository) {
  const metrics = metricsOf(results, ofRepository);
  const seconds = (Date.now() - startMs) / 1000;
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.versions.node}`;
  if (json) console.log(JSON.stringify({ machine, seconds, lanes: results, results: metrics }));
  else {
    console.log(`${tableOf(results)}\n`);
    for (const { name, value, target, ok } of metrics) {
      console.log(`${ok ? '✓' : '✗'} ${name}  ${value}  target ${target}`);
    }
  }
  console.error(`It took ${seconds.toFixed(0)} seconds.`);
}
