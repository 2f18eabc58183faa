import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

/**
 * Serves what `--keep` left in a folder, on a copy, with a clock that stands where the simulation ended, until the process
 * is interrupted.
 */
export async function showKept(folder, { port }) {
  const { startCollector } = await import('@nearside/collector');
  const { nowMs } = JSON.parse(await readFile(`${folder}/simulated.json`, 'utf8'));
  const dir = await mkdtemp(`${tmpdir()}/nearside-fleet-`);
  await copyFile(`${folder}/fleet.sqlite`, `${dir}/fleet.sqlite`);
  const collector = await startCollector({
    file: `${dir}/fleet.sqlite`,
    models: `${folder}/models.json`,
    prices: `${folder}/prices.json`,
    slo: `${folder}/slo.json`,
    port,
    local: true,
    now: () => nowMs,
    onError: (error) => console.error(error),
  });
  console.log(`${collector.url}  ${new Date(nowMs).toISOString()}, until Ctrl-C`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await collector.close();
  await rm(dir, { recursive: true, force: true });
}
