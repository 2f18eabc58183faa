import { type ExecFileException, execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  elementCount,
  type Layout,
  type ModelSpec,
  parseModelSpec,
  partsOf,
  sessionFiles,
  sum,
  type Variant,
} from '@nearside/core';
import { sizeOf } from '../files/stat-path.js';
import { understood } from './locate-tensors.js';
import { findNearsideFile, requireNearsideFile } from './nearside-script.js';
import { readJsonFile } from './read-json-file.js';
import { parseManifest } from './tfjs-manifest.js';

/** A large model's golden cases take a while on one thread, in a runtime that no browser has optimised, ms. */
const LIMIT_MS = 600_000;

/** The heap of a runtime that has loaded nothing, bytes: ONNX Runtime's wasm has as much. */
export const RUNTIME_BYTES = 16 * 1024 * 1024;

/** The file, its tensors, and the copy that a runtime makes for its kernels. */
const WEIGHT_COPIES = 3;

export interface Trial {
  /** `common` if that file is enough for all variants; undefined if none was tried, and devices use the full one. */
  readonly onnxRuntime: Layout['onnxRuntime'];
  /** By variant, bytes. */
  readonly memoryBytes: ReadonlyMap<string, number>;
  /** The reasons why variants ran in neither file, by variant. */
  readonly failures: ReadonlyMap<string, string>;
}

/**
 * Tries the variants of a model in ONNX Runtime on one thread, and tells how much memory each needs. Golden cases run in
 * the common file, which has what most models need, and where they fail in the full one. Without the package `nearside`,
 * which has the runtime, and for TensorFlow.js, memory is reckoned from the size of the files.
 */
export async function tryRuntime(directory: string): Promise<Trial> {
  const { variants } = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const needed = new Set<Layout['onnxRuntime']>();
  const memoryBytes = new Map<string, number>();
  const failures = new Map<string, string>();
  for (const variant of variants) {
    const tried = await tryVariant(directory, variant);
    needed.add(tried?.onnxRuntime);
    if (tried?.failure !== undefined) failures.set(variant.name, tried.failure);
    memoryBytes.set(variant.name, tried?.heapBytes ?? (await reckonMemory(directory, variant)));
  }
  const onnxRuntime = (['full', 'common'] as const).find((file) => needed.has(file));
  return { onnxRuntime, memoryBytes, failures };
}

/** Either the bytes of the heap, the same on every machine, or why it did not run. */
interface Run {
  readonly heapBytes?: number;
  readonly failure?: string;
}

interface TriedVariant extends Run {
  readonly onnxRuntime: 'common' | 'full';
}

async function tryVariant(
  directory: string,
  { name, runtime }: Variant,
): Promise<TriedVariant | undefined> {
  const script = runtime === 'onnx' ? findNearsideFile('dist/worker/try-common.js') : undefined;
  if (!script) return undefined;
  const run = (onnxRuntime: string) => runApart([script, resolve(directory), name, onnxRuntime]);
  const common = await run('common');
  if (common.failure === undefined) return { onnxRuntime: 'common', ...common };
  return { onnxRuntime: 'full', ...(await run('full')) };
}

/** Runs it in a process of its own, because a function that is missing ends it, and a heap only grows. */
async function runApart(words: string[]): Promise<Run> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: LIMIT_MS });
    const heapBytes = Number(lastLine(stdout));
    return heapBytes > 0 ? { heapBytes } : { failure: 'it told no size of its heap' };
  } catch (error) {
    const { killed, signal, stderr } = error as Partial<ExecFileException & { stderr: string }>;
    if (killed) return { failure: `it took longer than ${LIMIT_MS / 60_000} minutes` };
    return { failure: lastLine(stderr ?? '') || `its process ended with ${signal}` };
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** TensorFlow.js keeps weights as 32 bits, in JavaScript and in its heap, whatever they have in the file. */
async function reckonMemory(directory: string, variant: Variant): Promise<number> {
  const names = [...new Set(sessionFiles(variant))];
  const fileBytes = sum(await Promise.all(names.map((name) => sizeOf(join(directory, name)))));
  const groups = variant.runtime === 'tfjs' ? await readManifests(directory, variant) : undefined;
  if (!groups) return RUNTIME_BYTES + WEIGHT_COPIES * fileBytes;
  const elements = sum(
    groups.flatMap(({ weights }) => weights.map(({ shape }) => elementCount(shape))),
  );
  return RUNTIME_BYTES + fileBytes + 2 * elements * Float32Array.BYTES_PER_ELEMENT;
}

async function readManifests(directory: string, variant: Variant) {
  return understood(async () => {
    const topologies = partsOf(variant).map(({ files }) => files[0] as string);
    const texts = topologies.map((name) => readFile(join(directory, name), 'utf8'));
    return (await Promise.all(texts)).flatMap((text) =>
      parseManifest(JSON.parse(text), 'model.json'),
    );
  });
}

/**
 * Requires the package `nearside` for a model with ONNX variants, where the answer of {@link tryRuntime} must not
 * depend on what is installed.
 *
 * @throws NearsideError `file-missing`
 */
export function requireNearsidePackage({ variants }: Pick<ModelSpec, 'variants'>): void {
  if (variants.some(({ runtime }) => runtime === 'onnx'))
    requireNearsideFile('dist/worker/try-common.js');
}
