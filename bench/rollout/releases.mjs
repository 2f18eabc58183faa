import { cp, readFile, writeFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { publishModels, startRepository } from '../../scripts/stack.mjs';

const MODEL = 'digits';

/**
 * A served repository of digits, which offers one version after the other and takes it back.
 *
 * @typedef {Awaited<ReturnType<typeof openReleases>>} Releases
 * @param {string} dir empty folder to work in
 */
export async function openReleases(dir) {
  const { pack, publish, revoke } = await import('@nearside/publisher');
  const { repository, pin: trust } = await publishModels(dir, [MODEL]);
  const keys = `${dir}/keys`;
  const server = await startRepository(repository, 0);
  const first = JSON.parse(await readFile(`${root}models/${MODEL}/model.json`, 'utf8'));
  let { sequence } = first;
  return {
    repository,
    keys,
    address: { url: `${server.url}/${MODEL}`, trust },
    /** The version to go back to. */
    first: first.version,
    /**
     * @param {{ canaryPercent?: number, now?: () => number }} [options] as of `publish`
     * @returns {Promise<{ version: string, rollout?: { salt: string } }>}
     */
    async offerNext(options = {}) {
      sequence += 1;
      const version = `1.${sequence}.0`;
      const [modelDirectory, packed] = [`${dir}/source-${version}`, `${dir}/packed-${version}`];
      await cp(`${root}models/${MODEL}`, modelDirectory, { recursive: true });
      const spec = JSON.stringify({ ...first, version, sequence });
      await writeFile(`${modelDirectory}/model.json`, spec);
      await pack({ modelDirectory, out: packed, onnxRuntime: 'common' });
      return publish({ packed, repository, keys, ...options });
    },
    takeBack: (version) => revoke({ repository, keys, model: MODEL, version }),
    close: () => server.close(),
  };
}
