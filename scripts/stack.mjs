import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { root } from './root.mjs';
import { serveSite } from './serve-site.mjs';

/** First port of the example site; a busy one gives the next free one. */
const SITE_PORT = 5173;

/**
 * Publishes `models/` into a repository in `dir`, with keys made on the first run.
 *
 * @param {string} dir folder for keys, packed models and the repository
 * @param {string[]} [wanted] names of models; by default all
 * @returns {Promise<{ repository: string, pin: string, packed: string }>}
 */
export async function publishModels(dir, wanted) {
  const { generateKeys, pack, publish } = await import('../packages/publisher/dist/index.js');
  const keys = `${dir}/keys`;
  const repository = `${dir}/repository`;
  const packed = `${dir}/packed`;
  if (!existsSync(keys)) await generateKeys({ out: keys });
  if (await isExpired(repository)) await rm(repository, { recursive: true });
  const models = wanted ?? (await listModels());
  for (const model of models) {
    await rm(`${packed}/${model}`, { recursive: true, force: true });
    const modelDirectory = `${root}models/${model}`;
    // All of them are in the corpus of `npm run profile:runtime`.
    await pack({ modelDirectory, out: `${packed}/${model}`, onnxRuntime: 'common' });
  }

  async function publishAll() {
    let pin = '';
    for (const model of models) {
      ({ pin } = await publish({ packed: `${packed}/${model}`, repository, keys }));
    }
    return pin;
  }

  const pin = await publishAll().catch(async (error) => {
    if (error.code !== 'version-conflict') throw error;
    await rm(repository, { recursive: true }); // of an older checkout, whose models were others
    return publishAll();
  });
  return { repository, pin, packed };
}

/**
 * Whether any role of a repository made earlier has expired: the timestamp does after 14 days. A
 * local repository is simply made anew, under a new pin.
 */
async function isExpired(repository) {
  if (!existsSync(repository)) return false;
  const { inspect } = await import('../packages/publisher/dist/index.js');
  const { roles } = await inspect({ repository });
  return roles.some(({ expired }) => expired);
}

async function listModels() {
  const entries = await readdir(`${root}models`, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(`${root}models/${entry.name}/model.json`))
    .map((entry) => entry.name);
}

/**
 * Starts the repository server, the collector and the example site: on their usual ports or the
 * next free ones, or with `anyPorts` wherever there is room.
 *
 * @param {{ dir: string, anyPorts?: boolean, models?: string[] }} options `models` to publish, by default all
 */
export async function startStack({ dir, anyPorts = false, models }) {
  const published = await publishModels(dir, models);
  const port = anyPorts ? 0 : undefined;
  const repository = await startRepository(published.repository, port);
  const collector = await startCollectorIn(dir, port);
  const config = {
    model: `${repository.url}/digits`,
    trust: published.pin,
    report: `${collector.url}/v1/reports`,
    dashboard: `${collector.url}/`,
  };
  const site = await startSite(config, port);
  return {
    ...published,
    config,
    servers: { repository, collector, site },
    async close() {
      await Promise.all([site.close(), repository.close(), collector.close()]);
    },
  };
}

/** @param {number | undefined} port undefined: the usual one or the next free one */
export async function startRepository(dir, port) {
  const { serveRepository } = await import('../packages/publisher/dist/index.js');
  return serveRepository({ dir, port });
}

export async function startCollectorIn(dir, port) {
  const { startCollector } = await import('../packages/collector/dist/index.js');
  return startCollector({ file: `${dir}/collector.sqlite`, port });
}

/**
 * Starts the installable example, which reads text. It has a site of its own: a service worker is one of a whole origin.
 *
 * @param {{ repositoryUrl: string, pin: string, dir?: string, port?: number }} options `dir` as it is built by default
 */
export function startTextReader({
  repositoryUrl,
  pin,
  dir = `${root}examples/ocr-pwa/dist`,
  port = SITE_PORT + 1,
}) {
  return serveSite({ dir, config: { model: `${repositoryUrl}/ocr`, trust: pin }, port });
}

export function startSite(config, port = SITE_PORT) {
  return serveSite({ dir: `${root}examples/digits/dist`, config, port });
}
