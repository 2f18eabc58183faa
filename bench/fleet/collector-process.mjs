// The collector as it is installed, in a process of its own whose clock is the simulation's.
import { startCollector } from '@nearside/collector';

let nowMs = Number(process.argv[3]);
const collector = await startCollector({
  file: process.argv[2],
  port: 0,
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
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  await collector.close();
  process.send({ peakBytes });
  process.disconnect();
});
