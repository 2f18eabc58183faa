// The collector as it is installed, in a process of its own whose clock is the simulation's.
import { readFile } from 'node:fs/promises';
import { startCollector } from '@nearside/collector';

const [, , file, startMs, models, prices, slo, looksEveryMs, port] = process.argv;
let nowMs = Number(startMs);
const collector = await startCollector({
  file,
  models,
  prices,
  slo,
  port: Number(port),
  local: true,
  // by its clock; the simulation has it look
  lookEveryMs: Number(looksEveryMs),
  now: () => nowMs,
  shareForMs: 0,
  onError: (error) => console.error(error),
});
process.send({ url: collector.url, port: collector.port });

process.on('message', async (message) => {
  if (message.nowMs !== undefined) {
    nowMs = message.nowMs;
    process.send({ nowMs });
    return;
  }
  if (message.modelsChanged) {
    // it would look by itself within seconds, in which the simulation's clock goes on by hours
    collector.useModels(JSON.parse(await readFile(models, 'utf8')));
    process.send({ modelsChanged: true });
    return;
  }
  if (message.look) {
    await collector.look();
    process.send({ looked: true });
    return;
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  await collector.close();
  process.send({ peakBytes });
  process.disconnect();
});

// whoever simulates was ended
process.on('disconnect', () => process.exit());
