import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { openRepository } from './repository.mjs';
import { withTabs } from './site.mjs';

const WEIGHT_BYTES = 64 * 1024 * 1024;
const WARM_UPS = sized(3);
const PAIRS = sized(40);

/** A verified read from a warm IndexedDB, as throughput, beside a bare loop of get and SHA-256. */
export async function warmVerify(dir, site) {
  const repository = await openRepository(dir);
  const { pin } = await repository.releaseNoise({ seeds: [1], fileBytes: WEIGHT_BYTES });
  const url = `${repository.recorder.url}tab/noise`;
  const { pairs } = await withTabs(site, 1, async ([tab]) => {
    await tab.evaluate(([url, pin]) => window.bench.install(url, pin), [url, pin]);
    return tab.evaluate(
      ([url, pin, options]) => window.bench.measureWarmReads(url, pin, options),
      [url, pin, { warmUps: WARM_UPS, pairs: PAIRS }],
    );
  });
  await repository.close();
  const ratios = pairs.map(([nearsideMs, bareMs]) => bareMs / nearsideMs);
  return row('warm-verify-ratio', {
    value: median(ratios),
    unit: 'ratio',
    interval: medianInterval(ratios),
    atLeast: 0.8,
  });
}
