import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { root } from './root.mjs';
import { serveSite } from './serve-site.mjs';

/** First port of the example site; a busy one gives the next free one. */
const SITE_PORT = 5173;

/** The model that `npm start` publishes at once. Each other is published when it is first asked for. */
const FIRST_MODEL = 'digits';

/** Targets and prices of a stack's collector, which people may change while it runs. Text in pictures takes longest. */
const COLLECTOR_FILES = {
  'slo.json': {
    p95Ms: 100,
    p99Ms: 300,
    models: { ocr: { p95Ms: 5_000, p99Ms: 10_000 } },
  },
  'prices.json': {
    currency: 'EUR',
    serverPerMillionInferences: 40,
    cdnPerGigabyte: 0.05,
    collectorPerMonth: 10,
  },
};

/**
 * Publishes `models/` into a repository in `dir`, with keys made on the first run.
 *
 * @param {string} dir folder for keys, packed models and the repository
 * @param {string[]} [wanted] names of models; by default all
 * @returns {Promise<{ repository: string, pin: string, packed: string }>}
 */
export async function publishModels(dir, wanted) {
  const { generateKeys, publish } = await import('../packages/publisher/dist/index.js');
  const keys = `${dir}/keys`;
  const repository = `${dir}/repository`;
  const packed = `${dir}/packed`;
  if (!existsSync(keys)) await generateKeys({ out: keys });
  if (await isExpired(repository)) await rm(repository, { recursive: true });
  const models = wanted ?? (await listModels());
  for (const model of models) await packModel(dir, model);

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
 * Publishes the other models of `models/` into a repository, one after the other: each when a file of it is first asked for,
 * all when somebody asks what there is. What fails is tried again with the next request.
 *
 * @param {string} dir as of `publishModels`
 * @param {(model: string) => Promise<unknown>} publishOne
 * @returns {Promise<(path: string) => Promise<unknown> | undefined>} `before` of `serveRepository`
 */
export async function publishOnDemand(dir, publishOne = (model) => publishLater(dir, model)) {
  const models = (await listModels()).filter((model) => model !== FIRST_MODEL);
  const begun = new Map();
  let last = Promise.resolve();
  function begin(model) {
    if (!begun.has(model)) {
      const published = last.then(() => publishOne(model));
      begun.set(model, published);
      last = published.catch((error) => {
        begun.delete(model);
        console.error(`${model} could not be published: ${error.message}`);
      });
    }
    return begun.get(model);
  }
  return (path) => {
    // A browser that knows the repository asks for no boot file: what it is told has all models.
    if (path.endsWith('/timestamp.json')) return Promise.allSettled(models.map(begin));
    const model = models.find(
      (name) => path === `/boot/${name}.json` || path.startsWith(`/${name}/`),
    );
    return model && begin(model);
  };
}

async function publishLater(dir, model) {
  const { publish } = await import('../packages/publisher/dist/index.js');
  const packed = await packModel(dir, model);
  const repository = `${dir}/repository`;
  try {
    const { pin } = await publish({ packed, repository, keys: `${dir}/keys` });
    await writeCollectorFiles(dir, { repository, pin });
  } catch (error) {
    if (error.code !== 'version-conflict') throw error;
    const message = `Expected ${model} as it was published before, got another under the same version. Stop, delete ${repository}, and start again.`;
    throw new Error(message, { cause: error });
  }
}

async function packModel(dir, model) {
  const { pack } = await import('../packages/publisher/dist/index.js');
  const out = `${dir}/packed/${model}`;
  await rm(out, { recursive: true, force: true });
  // They are in the corpus of `npm run profile:runtime`.
  await pack({ modelDirectory: `${root}models/${model}`, out, onnxRuntime: 'common' });
  return out;
}

/** Seals a model beside its signed version, where a repository has it: a page opens it there by its hash, as README does. */
export async function sealBeside(repository, model) {
  const { seal } = await import('../packages/publisher/dist/index.js');
  const modelDirectory = `${root}models/${model}`;
  const { integrity } = await seal({
    modelDirectory,
    out: `${repository}/${model}`,
    onnxRuntime: 'common',
  });
  return integrity;
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

/** Writes what a collector has to know of a repository; targets and prices only where there are none yet. */
async function writeCollectorFiles(dir, { repository, pin }) {
  const { facts } = await import('../packages/publisher/dist/index.js');
  await facts({ repository, trust: pin, out: `${dir}/models.json` });
  for (const [name, content] of Object.entries(COLLECTOR_FILES)) {
    if (existsSync(`${dir}/${name}`)) continue;
    await writeFile(`${dir}/${name}`, `${JSON.stringify(content, undefined, 2)}\n`);
  }
}

/**
 * Starts the repository server, the collector and the example site: on their usual ports or the
 * next free ones, or with `anyPorts` wherever there is room.
 *
 * @param {{ dir: string, anyPorts?: boolean, models?: string[], now?: () => number }} options `models` to publish; by
 *   default the first one, and each other when it is first asked for. `now` is the collector's clock, Unix ms
 */
export async function startStack({ dir, anyPorts = false, models, now }) {
  const published = await publishModels(dir, models ?? [FIRST_MODEL]);
  await writeCollectorFiles(dir, published);
  const port = anyPorts ? 0 : undefined;
  const before = models ? undefined : await publishOnDemand(dir);
  const repository = await startRepository(published.repository, port, before);
  const collector = await startCollectorIn(dir, port, now);
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

/**
 * @param {string} dir
 * @param {number | undefined} port undefined: the usual one or the next free one
 * @param {(path: string) => unknown} [before] as of `serveRepository`
 */
export async function startRepository(dir, port, before) {
  const { serveRepository } = await import('../packages/publisher/dist/index.js');
  return serveRepository({ dir, port, before });
}

/**
 * Starts the collector of a folder, with the facts, targets and prices that are there.
 *
 * @param {string} dir
 * @param {number | undefined} port undefined: the usual one or the next free one
 * @param {() => number} [now]
 */
export async function startCollectorIn(dir, port, now) {
  const { startCollector } = await import('../packages/collector/dist/index.js');
  const found = (name) => (existsSync(`${dir}/${name}`) ? `${dir}/${name}` : undefined);
  return startCollector({
    file: `${dir}/collector.sqlite`,
    port,
    models: found('models.json'),
    slo: found('slo.json'),
    prices: found('prices.json'),
    // it hears the visits of this machine alone
    local: true,
    minDevices: 1,
    now,
  });
}

/**
 * Starts the installable example, which reads text. It has a site of its own: a service worker is one of a whole origin.
 *
 * @param {{ repositoryUrl: string, pin: string, report?: string, dir?: string, port?: number }} options `report` is where
 *   reports go; `dir` as it is built by default
 */
export function startTextReader({
  repositoryUrl,
  pin,
  report,
  dir = `${root}examples/ocr-pwa/dist`,
  port = SITE_PORT + 1,
}) {
  return serveSite({ dir, config: { model: `${repositoryUrl}/ocr`, trust: pin, report }, port });
}

export function startSite(config, port = SITE_PORT) {
  return serveSite({ dir: `${root}examples/digits/dist`, config, port });
}
