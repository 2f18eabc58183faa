import { startCollector } from '@nearside/collector';
import { median, medianInterval } from '../bootstrap.mjs';
import { VERSIONS } from '../collector/reports.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { MODELS } from './fleet-file.mjs';

const LOOKS = sized(5);
/** A collector looks so often. */
const EVERY_MS = 300_000;
/** As the reports have it. */
const TEN_BINS = { kind: 'input', counts: new Array(10).fill(100), labels: [...'abcdefghi'] };

/** How much of a core it takes to look for findings of 20 models with a month of data. */
export async function* lookCpu(file) {
  let nowMs = Date.now();
  const collector = await startCollector({
    file,
    port: 0,
    local: true,
    models: { format: 1, models: MODELS.map(factsOf) },
    now: () => nowMs,
    onError: (error) => console.error(error),
  });
  await collector.look(); // the first one waits for what else begins with a collector
  const shares = [];
  for (const _ of turns('looks', LOOKS)) {
    nowMs += EVERY_MS;
    const before = process.cpuUsage();
    await collector.look();
    const { user, system } = process.cpuUsage(before);
    shares.push((user + system) / 1000 / EVERY_MS);
  }
  await collector.close();
  yield row('look-cpu-share', {
    value: median(shares),
    unit: 'of a core, 20 models with a month of data',
    interval: medianInterval(shares),
    atMost: 0.1,
  });
}

function factsOf(model) {
  const distributions = ['first', 'second'].map((name) => ({ name, ...TEN_BINS }));
  return {
    model,
    versions: VERSIONS.map((version) => ({
      version,
      state: version === VERSIONS.at(-1) ? 'canary' : 'stable',
      baselineHash: '0123456789abcdef',
      baseline: { format: 2, n: 1000, distributions },
    })),
  };
}
