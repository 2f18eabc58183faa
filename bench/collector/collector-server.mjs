// The collector as it is installed, on a file.
import { startCollector } from '@nearside/collector';

const { url, port } = await startCollector({
  file: process.argv[2],
  port: 0,
  local: true,
  onError: (error) => console.error(error),
});
console.log(JSON.stringify({ url, port }));
// what is measured is what is kept, and not what is yet to be collected
process.on('SIGUSR2', () => globalThis.gc?.());
