// node open-as-device.mjs <directory or address of a repository> <file with what `nearside publish --json` printed>
//
// Opens the version with the library of the pages, as new devices until one is given it. `open` fetches and verifies its
// files, and serves nothing that does not reproduce the golden outputs.
import { readFile } from 'node:fs/promises';
import { serveRepository } from '@nearside/publisher';
import { open } from 'nearside';

const [repository, releaseFile] = process.argv.slice(2);
const { PIN: trust } = process.env;
const { model, version, rollout } = JSON.parse(await readFile(releaseFile, 'utf8'));
const share = rollout ? (rollout.toBps - rollout.fromBps) / 10_000 : 1;
/** Of so many new devices none is given the version once in 500 million times. */
const devices = Math.ceil(20 / share);

const server = /^https?:/.test(repository)
  ? undefined
  : await serveRepository({ dir: repository, port: 0 });
try {
  await requireServed(`${server?.url ?? repository}/${model}`);
} finally {
  await server?.close();
}

/** @param {string} address the model's */
async function requireServed(address) {
  for (let device = 1; device <= devices; device += 1) {
    const { assigned, stats } = await visit(address);
    if (assigned !== version) {
      console.error(
        `Device ${device} of at most ${devices} was not given ${version}: a new one asks.`,
      );
      continue;
    }
    if (stats.version === version) {
      console.log(
        `Device ${device} opened ${model} ${version} on ${stats.backend}: ${stats.verdict}`,
      );
      return;
    }
    throw new Error(`Expected the device to serve ${model} ${version}, got ${stats.version}.`);
  }
  throw new Error(
    `Expected one of ${devices} new devices to be given ${model} ${version}, got none.`,
  );
}

/** A device that was never here. Its own report says which version it was put on. */
async function visit(address) {
  let assigned;
  const takeReport = ({ dimensions }) => {
    assigned = dimensions.assigned;
    return true;
  };
  const opened = await open(address, { trust, store: 'memory', report: takeReport });
  const stats = opened.stats();
  await opened.close();
  return { assigned, stats };
}
