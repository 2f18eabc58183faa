import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';

/**
 * Publishes digits twice: as it is, and with a second version, which a device that has the first updates to.
 *
 * @param {string} dir empty folder to work in
 * @returns {Promise<{ address: { url: string, trust: string }, offer(version: 1 | 2): Promise<void>, close(): Promise<void> }>}
 */
export async function publishDigits(dir) {
  const { repository, pin: trust } = await publishModels(dir, ['digits']);
  const both = `${dir}/both`;
  await cp(repository, both, { recursive: true });
  await publishSecond(dir, both);
  const repositories = { 1: repository, 2: both };
  let server = await startRepository(repository, 0);
  const { url, port } = server;
  return {
    address: { url: new URL('digits', url).href, trust },
    async offer(version) {
      await server.close();
      server = await startRepository(repositories[version], port);
    },
    close: () => server.close(),
  };
}

async function publishSecond(dir, repository) {
  const { pack, publish } = await import('@nearside/publisher');
  const modelDirectory = `${dir}/second`;
  await cp(`${root}models/digits`, modelDirectory, { recursive: true });
  const spec = JSON.parse(await readFile(`${modelDirectory}/model.json`, 'utf8'));
  const second = { ...spec, version: '1.1.0', sequence: 2 };
  await writeFile(`${modelDirectory}/model.json`, JSON.stringify(second));
  const packed = `${dir}/packed-second`;
  await pack({ modelDirectory, out: packed, onnxRuntime: 'common' });
  await publish({ packed, repository, keys: `${dir}/keys` });
}
