// The collector on a file, by the clock of a simulation: a message sets the time.
import { startCollector } from '@nearside/collector';

let nowMs = Number(process.argv[3]);
const { url, port } = await startCollector({
  file: process.argv[2],
  port: 0,
  now: () => nowMs,
  onError: (error) => console.error(error),
});
process.on('message', (ms) => {
  nowMs = ms;
  process.send(ms);
});
process.on('disconnect', () => process.exit());
process.send({ url, port });
