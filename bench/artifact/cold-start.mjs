import { readFile } from 'node:fs/promises';
import { chunkPath } from '@nearside/artifact';
import { publishModels, startRepository } from '../../scripts/stack.mjs';
import { row } from '../row.mjs';
import { startRecorder } from './recorder.mjs';
import { withTabs } from './site.mjs';

/** What the library asks of a repository before the first weights, on a device that has nothing. */
export async function coldStart(dir, site) {
  const { repository, pin, packed } = await publishModels(dir, ['digits']);
  const server = await startRepository(repository, 0);
  const recorder = await startRecorder(server.url);
  const url = `${recorder.url}tab/digits`;
  await withTabs(site, 1, ([tab]) =>
    tab.evaluate(([url, pin]) => window.bench.open(url, pin), [url, pin]),
  );
  const requests = recorder.take();
  await Promise.all([recorder.close(), server.close()]);

  const weights = await weightPaths(`${packed}/digits`);
  const { arrived } = requests.find(({ path }) => weights.has(path));
  return row('cold-requests-before-weights', {
    value: requests.filter(({ answered }) => answered < arrived).length,
    unit: 'requests',
    atMost: 1,
  });
}

/** Where the chunks of a packed model's weight files lie in a repository. */
export async function weightPaths(packed) {
  const read = async (name) => JSON.parse(await readFile(`${packed}/${name}`, 'utf8'));
  const { variants } = await read('model.json');
  const { files } = await read('layout.json');
  const chunks = variants.flatMap((variant) => variant.files).flatMap((name) => files[name]);
  return new Set(
    chunks.map(([sha256, , gzipBytes]) => chunkPath(sha256, { gzip: gzipBytes !== undefined })),
  );
}
