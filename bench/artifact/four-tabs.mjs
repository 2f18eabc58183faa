import { setTimeout as sleep } from 'node:timers/promises';
import { row } from '../row.mjs';
import { bodyBytesOf } from './recorder.mjs';
import { openRepository } from './repository.mjs';
import { withTabs } from './site.mjs';

const TABS = 4;
const WEIGHT_BYTES = 24 * 1024 * 1024;
/** The whole model in two seconds. */
const BYTES_PER_SECOND = WEIGHT_BYTES / 2;
const LOOK_MS = 5;

/**
 * Requests of four tabs that open the same new model at once, where the tab that downloads is
 * closed midway, less those of one tab alone.
 */
export async function fourTabs(dir, site) {
  const repository = await openRepository(dir);
  const { pin } = await repository.releaseNoise({ seeds: [1], fileBytes: WEIGHT_BYTES });
  const { recorder } = repository;
  recorder.throttle(BYTES_PER_SECOND);

  await withTabs(site, 1, (tabs) => installInAll(tabs, recorder, pin));
  const alone = recorder.take().length;

  await withTabs(site, TABS, async (tabs) => {
    const installed = installInAll(tabs, recorder, pin);
    await closeLeader(tabs, recorder);
    const versions = (await installed).filter((version) => version !== undefined);
    if (versions.length !== TABS - 1) throw new Error(`expected ${TABS - 1} tabs to go on`);
  });
  const together = recorder.take().length;
  await repository.close();
  return row('four-tab-extra-requests', {
    value: together - alone,
    unit: 'requests',
    atMost: 4,
  });
}

/** @returns the version each tab runs; undefined for one that was closed */
function installInAll(tabs, recorder, pin) {
  return Promise.all(
    tabs.map(async (tab, i) => {
      const url = `${recorder.url}tab-${i}/noise`;
      try {
        return await tab.evaluate(([url, pin]) => window.bench.install(url, pin), [url, pin]);
      } catch (error) {
        if (tab.isClosed()) return undefined;
        throw error;
      }
    }),
  );
}

/** Once half of the weights are sent, the tab that asked for them last is closed. */
async function closeLeader(tabs, recorder) {
  while (bodyBytesOf(recorder.seen()) < WEIGHT_BYTES / 2) await sleep(LOOK_MS);
  const leader = recorder.seen().findLast(({ path }) => path.startsWith('chunks/')).client;
  await tabs[Number(leader.slice('tab-'.length))].close();
}
