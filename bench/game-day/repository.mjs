import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { assignInstall } from '../../packages/artifact/dist/assignment.js';
import { startRepository } from '../../scripts/stack.mjs';
import { MODEL, SHIPPED } from './versions.mjs';

/** A draw of sides that suits comes within some tries. */
const MOST_DRAWS = 200;

/**
 * A signed repository behind HTTP, with the version that all devices have.
 *
 * @param {string} dir empty folder to work in
 * @param {{ packed: string, now: () => number }} options
 */
export async function openRepository(dir, { packed, now }) {
  const { autopilot, facts, generateKeys, publish, revoke } = await import('@nearside/publisher');
  const [repository, keys, factsFile] = [`${dir}/repository`, `${dir}/keys`, `${dir}/models.json`];
  await generateKeys({ out: keys });
  await copyOnlineKeys(keys, `${dir}/online`);
  const { pin } = await publish({ packed, repository, keys, now });
  const faults = { isDown: false };
  const server = await startRepository(repository, 0, () => {
    if (faults.isDown) throw new Error('The repository is down.');
  });
  const published = { baseline: undefined, manifests: {} };
  async function writeFacts() {
    await facts({ repository, trust: pin, out: factsFile, now });
    const { models } = JSON.parse(await readFile(factsFile, 'utf8'));
    for (const { version, manifest, baselineHash } of models[0].versions) {
      published.manifests[version] = manifest;
      published.baseline = baselineHash;
    }
  }
  await writeFacts();

  return {
    directory: repository,
    factsFile,
    faults,
    /** What reports name: hashes of versions, and of their baseline. */
    published,
    address: { url: `${server.url}/${MODEL}`, trust: pin },
    close: () => server.close(),
    targets: () => readTargets(repository),
    /** Sides of installs as the targets put them now. */
    sidesOf: (installs) => sidesIn(repository, installs),
    /** @returns {Promise<number>} the share of devices that the shipped version is offered to */
    async percent() {
      const { rollout } = (await shippedIn(repository)) ?? {};
      return rollout ? (rollout.toBps - rollout.fromBps) / 100 : 100;
    },
    /**
     * Ships a version to a share of all devices. Who is on which side is drawn by its salt: it is signed again, before
     * anybody sees it, until the open browsers are where the story needs them.
     *
     * @param {{ percent: number, installs: readonly string[], suits: (arms: readonly string[]) => boolean }} options
     * @returns {Promise<{ arms: string[], experiment: string }>} the sides of the installs
     */
    async ship(packed, { percent, installs, suits }) {
      for (let draw = 1; draw <= MOST_DRAWS; draw += 1) {
        const signed = `${dir}/signed`;
        await cp(repository, signed, { recursive: true });
        await publish({ packed, repository: signed, keys, canaryPercent: percent, now });
        const sides = await sidesIn(signed, installs);
        const arms = sides.map(({ arm }) => arm);
        if (suits(arms)) {
          await cp(signed, repository, { recursive: true });
          await rm(signed, { recursive: true });
          await writeFacts();
          return { arms, experiment: sides[0].experiment };
        }
        await rm(signed, { recursive: true });
      }
      throw new Error(`Expected a draw of sides that suits within ${MOST_DRAWS}, got none`);
    },
    /** @param {{ url: string }} fleet the collector that it asks */
    async stepAutopilot(fleet, rules) {
      return autopilot({
        ...rules,
        repository,
        keys: `${dir}/online`,
        fleet,
        facts: factsFile,
        now,
      });
    },
    async takeBack() {
      await revoke({ repository, keys, model: MODEL, version: SHIPPED, now });
      await writeFacts();
    },
  };
}

/** Autopilot may read no others. */
async function copyOnlineKeys(keys, online) {
  await mkdir(online);
  for (const role of ['targets', 'snapshot', 'timestamp']) {
    await cp(`${keys}/${role}.pem`, `${online}/${role}.pem`);
  }
}

async function shippedIn(repository) {
  const { targets } = await readTargets(repository);
  const all = Object.values(targets).map(({ custom }) => custom);
  return all.find(({ model, version }) => model === MODEL && version === SHIPPED);
}

async function sidesIn(repository, installs) {
  const targets = await readTargets(repository);
  return Promise.all(
    installs.map((installId) => assignInstall(targets, { model: MODEL, installId })),
  );
}

/** The signed targets, as devices are told of them by the snapshot. */
async function readTargets(repository) {
  const signed = async (name) =>
    JSON.parse(await readFile(`${repository}/metadata/${name}`, 'utf8')).signed;
  const timestamp = await signed('timestamp.json');
  const snapshot = await signed(`${timestamp.meta['snapshot.json'].version}.snapshot.json`);
  return signed(`${snapshot.meta['targets.json'].version}.targets.json`);
}
