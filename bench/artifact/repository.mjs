import { generateKeys, pack, publish, serveRepository } from '@nearside/publisher';
import { writeNoiseModel } from './noise-model.mjs';
import { startRecorder } from './recorder.mjs';

/**
 * A repository of its own in `dir`, served through a recorder.
 *
 * @param {string} dir made when missing
 */
export async function openRepository(dir) {
  const keys = `${dir}/keys`;
  const repository = `${dir}/repository`;
  await generateKeys({ out: keys });
  let server;
  let recorder;

  /** Packs a model directory and publishes it; the first time, starts serving too. */
  async function release(modelDirectory) {
    const out = `${modelDirectory}.packed`;
    const packed = await pack({ modelDirectory, out });
    const publication = await publish({ packed: out, repository, keys });
    server ??= await serveRepository({ dir: repository, port: 0 });
    recorder ??= await startRecorder(server.url);
    return { ...publication, files: packed.files, packed: out };
  }

  return {
    keys,
    repository,
    release,
    /** @param {Parameters<typeof writeNoiseModel>[1]} model */
    async releaseNoise(model) {
      const source = `${dir}/noise-${model.version ?? '1.0.0'}`;
      await writeNoiseModel(source, model);
      return release(source);
    },
    get recorder() {
      return recorder;
    },
    async close() {
      await Promise.all([recorder?.close(), server?.close()]);
    },
  };
}
