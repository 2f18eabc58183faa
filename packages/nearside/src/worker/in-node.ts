import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import {
  constantInputs,
  filesBesideModels,
  type Golden,
  initialState,
  type ModelSpec,
  parseGolden,
  parseModelSpec,
  partsOf,
  type Stage,
  type Tensors,
  type Variant,
} from '@nearside/core';
import type { Backend, ModelFiles, WeightFiles } from './backends/backend.js';
import { chunkUnverified } from './backends/unverified-bytes.js';
import { readTensors } from './golden-check.js';

/*
 * The scripts that the publisher starts in processes of their own, `try-common.ts` and `answer-golden.ts`, have this in
 * common: a model directory is read, and a runtime of this package started, on one thread.
 */

/**
 * Ends this process when its parent has ended, however that was. A thread that computes hears nothing, so another one
 * looks.
 */
export function endWithParent(): void {
  const looking = `
    const { workerData: parent } = require('node:worker_threads');
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500);`;
  new Worker(looking, { eval: true, workerData: process.ppid }).unref();
}

export async function readModelDirectory(
  directory: string,
): Promise<{ spec: ModelSpec; golden: Golden }> {
  return {
    spec: parseModelSpec(await readJson(directory, 'model.json')),
    golden: parseGolden(await readJson(directory, 'golden.json')),
  };
}

async function readJson(directory: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(directory, name), 'utf8'));
}

/** Nobody vouches for these files. */
async function readModelFiles(directory: string, names: readonly string[]): Promise<ModelFiles> {
  const read = names.map(async (name) => {
    const bytes = new Uint8Array(await readFile(join(directory, name)));
    return [name, bytes] as const;
  });
  return new Map(await Promise.all(read)) as unknown as ModelFiles;
}

/** The files of a variant, as its sessions take them, and others that are needed whole. */
export async function readVariantFiles(
  directory: string,
  variant: Variant,
  others: readonly string[],
): Promise<{ files: ModelFiles; weights: WeightFiles }> {
  const beside = filesBesideModels(variant);
  const weights = beside.map(async (name) => {
    return [name, chunkUnverified(await openAsBlob(join(directory, name)))] as const;
  });
  const models = partsOf(variant).map(({ files }) => files[0] ?? '');
  return {
    files: await readModelFiles(directory, [...models, ...others]),
    weights: new Map(await Promise.all(weights)),
  };
}

/** A golden case's inputs, with the state and the constants that it leaves out. */
export function feedsOf(
  stage: Stage,
  files: ModelFiles,
  inputs: Parameters<typeof readTensors>[1],
): Tensors {
  return { ...initialState(stage), ...constantInputs(stage), ...readTensors(files, inputs) };
}

export interface StartedInNode {
  readonly backend: Pick<Backend, 'createSession'>;
  /** As `reference` of golden.json has it. */
  readonly reference: string;
}

/** TensorFlow.js in JavaScript, which the build writes beside what devices are given. */
export async function startTfjs(): Promise<StartedInNode> {
  const { tfjsCpu: backend, reference } = await import(
    new URL('../node/backend-tfjs-cpu.js', import.meta.url).href
  );
  await backend.start();
  return { backend, reference: reference() };
}

/**
 * How much of a function runs before the engine optimises it, bytes of its code: V8 in Node 20 has 1.8 million. A golden
 * case runs a few times, and to optimise the largest kernels takes several times as long as that.
 */
const TIERING_BUDGET = 1_000_000_000;

/** @param file of ONNX Runtime, as the build writes it to `dist/assets` */
export async function startOnnx(
  file: 'ort-common.wasm' | 'ort-wasm-simd-threaded.wasm',
): Promise<StartedInNode> {
  const built = (name: string) => new URL(`../assets/${name}`, import.meta.url);
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
  const { onnxWasm: backend, reference } = await import(built('backend-onnx-wasm.js').href);
  const wasm = await WebAssembly.compile(await readFile(built(file)));
  await backend.start({ wasm, threads: 1, onLost() {} });
  return { backend, reference: reference() };
}
