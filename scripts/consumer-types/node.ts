// A script or a server of somebody else: Node, without the types of a page.
import { startCollector } from '@nearside/collector';
import { generateKeys, inspect, pack, publish, serveRepository } from '@nearside/publisher';
import { open } from 'nearside';

await generateKeys({ out: 'keys' });
await pack({ modelDirectory: 'digits', out: 'packed' });
const { pin } = await publish({ packed: 'packed', repository: 'site', keys: 'keys' });
const server = await serveRepository({ dir: 'site', port: 0 });
const { models } = await inspect({ repository: server.url });
const collector = await startCollector({ file: ':memory:', port: 0, local: true });

const model = await open(`${server.url}/digits`, {
  trust: pin,
  store: { directory: 'cache' },
  report: `${collector.url}/v1/reports`,
});
const { output, meta } = await model.run({
  data: new Uint8ClampedArray(28 * 28 * 4),
  width: 28,
  height: 28,
});
const label: string | undefined = output[0]?.label;
// @ts-expect-error milliseconds are a number
const wrong: string = meta.runMs;
console.log(models.length, label, wrong);
// @ts-expect-error Node has no pictures but pixels and files
await model.run(1);
await model.run(new Blob([]));
await model.close();
await collector.close();
await server.close();
