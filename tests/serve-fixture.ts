import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/root.mjs';

/** Signs, publishes and serves a model directory of `tests/fixtures`. */
export async function serveFixture(name: string) {
  const { generateKeys, pack, publish, serveRepository } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(join(tmpdir(), 'nearside-fixture-'));
  const keys = join(dir, 'keys');
  const packed = join(dir, 'packed');
  const repository = join(dir, 'repository');
  await generateKeys({ out: keys });
  await pack({ modelDirectory: `${root}tests/fixtures/${name}`, out: packed });
  const { pin } = await publish({ packed, repository, keys });
  const server = await serveRepository({ dir: repository, port: 0 });
  return {
    address: { url: `http://localhost:${server.port}/${name}`, trust: pin },
    async close() {
      await server.close();
      await rm(dir, { recursive: true });
    },
  };
}
