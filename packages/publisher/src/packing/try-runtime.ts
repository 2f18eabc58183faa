import { type ExecFileException, execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  elementCount,
  type Layout,
  type ModelSpec,
  parseModelSpec,
  partsOf,
  sessionFiles,
  stagesOf,
  sum,
  type Variant,
  variantOfStage,
} from '@nearside/core';
import { sizeOf } from '../files/stat-path.js';
import { openTemporary } from '../files/temporary.js';
import { understood } from './locate-tensors.js';
import { findNearsideFile, requireNearsideFile } from './nearside-script.js';
import { findNeedyNode, type GraphNode } from './needy-node.js';
import { readJsonFile } from './read-json-file.js';
import { parseManifest } from './tfjs-manifest.js';

/** A large model's golden cases take a while on one thread, in a runtime that no browser has optimised, ms. */
const LIMIT_MS = 600_000;

/** The heap of a runtime that has loaded nothing, bytes: ONNX Runtime's wasm has as much. */
export const RUNTIME_BYTES = 16 * 1024 * 1024;

/** How `try-common.ts` of the package nearside ends where a function was missing. */
const TRAPPED = 3;

/** The file, its tensors, and the copy that a runtime makes for its kernels. */
const WEIGHT_COPIES = 3;

export interface Trial {
  /** `common` if that file is enough for all variants that run; undefined if none does, and devices use the full one. */
  readonly onnxRuntime: Layout['onnxRuntime'];
  /** By variant, bytes. */
  readonly memoryBytes: ReadonlyMap<string, number>;
  /** The reasons why variants ran in neither file, by variant. */
  readonly failures: ReadonlyMap<string, string>;
  /** The nodes for which variants need the full file, by variant, where one was found. */
  readonly needyNodes: ReadonlyMap<string, GraphNode>;
}

/**
 * Tries the variants of a model in ONNX Runtime on one thread, and tells how much memory each needs. Golden cases run in
 * the common file, which has what most models need, and where they fail in the full one. A variant that fails in both,
 * without a trap, says nothing of the common one. Without the package `nearside`, which has the runtime, and for
 * TensorFlow.js, memory is reckoned from the size of the files.
 */
export async function tryRuntime(directory: string): Promise<Trial> {
  const spec = parseModelSpec(await readJsonFile(directory, 'model.json'));
  const needed = new Set<Layout['onnxRuntime']>();
  const memoryBytes = new Map<string, number>();
  const failures = new Map<string, string>();
  const needyNodes = new Map<string, GraphNode>();
  for (const variant of spec.variants) {
    const tried = await tryVariant(directory, spec, variant);
    if (tried?.needyNode) needyNodes.set(variant.name, tried.needyNode);
    needed.add(tried?.onnxRuntime);
    if (tried?.failure !== undefined) failures.set(variant.name, tried.failure);
    memoryBytes.set(variant.name, tried?.heapBytes ?? (await reckonMemory(directory, variant)));
  }
  const onnxRuntime = (['full', 'common'] as const).find((file) => needed.has(file));
  return { onnxRuntime, memoryBytes, failures, needyNodes };
}

/** Either the bytes of the heap, the same on every machine, or why it did not run. */
interface Run {
  readonly heapBytes?: number;
  /** It names the function of a trap. */
  readonly failure?: string;
  readonly hasTrapped?: boolean;
}

interface TriedVariant extends Run {
  readonly onnxRuntime: Layout['onnxRuntime'];
  readonly needyNode?: GraphNode | undefined;
}

async function tryVariant(
  directory: string,
  spec: ModelSpec,
  variant: Variant,
): Promise<TriedVariant | undefined> {
  const script =
    variant.runtime === 'onnx' ? findNearsideFile('dist/worker/try-common.js') : undefined;
  if (!script) return undefined;
  const run = (...words: string[]) =>
    runApart([script, resolve(directory), variant.name, ...words]);
  const common = await run('common');
  if (common.failure === undefined) return { onnxRuntime: 'common', ...common };
  const full = await run('full');
  if (full.failure !== undefined && !common.hasTrapped) return { onnxRuntime: undefined, ...full };
  const isMissing = common.hasTrapped && full.failure === undefined;
  const needyNode = isMissing
    ? await findNeedy(directory, { spec, variant, run, trap: common.failure })
    : undefined;
  return { onnxRuntime: 'full', ...full, needyNode };
}

/**
 * Runs the first nodes alone in the common file, with all inputs of their stage. A part that traps in another function
 * tells nothing: where a graph is cut, nodes may not be fused that are in the whole.
 */
async function findNeedy(
  directory: string,
  of: {
    readonly spec: ModelSpec;
    readonly variant: Variant;
    readonly run: (...words: string[]) => Promise<Run>;
    /** How the whole variant trapped. */
    readonly trap: string;
  },
): Promise<GraphNode | undefined> {
  const { spec, variant, run, trap } = of;
  await using temporary = await openTemporary('needy');
  const path = join(temporary.directory, 'model.onnx');
  const stages = stagesOf(spec);
  for (const stage of stages) {
    const [file = ''] = variantOfStage(variant, stage).files;
    const model = await readFile(join(directory, file));
    const runs = async (part: Uint8Array) => {
      await writeFile(path, part);
      const { hasTrapped, failure } = await run('common', stage.name, path);
      return !hasTrapped || failure !== trap;
    };
    const isThis = stages.length === 1 || !(await runs(model));
    if (isThis) return await understood(() => findNeedyNode(model, runs));
  }
  return undefined;
}

/** Runs it in a process of its own, because a function that is missing ends it, and a heap only grows. */
async function runApart(words: string[]): Promise<Run> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: LIMIT_MS });
    const heapBytes = Number(lastLine(stdout));
    return heapBytes > 0 ? { heapBytes } : { failure: 'it told no size of its heap' };
  } catch (error) {
    const { code, killed, signal, stderr } = error as Partial<
      ExecFileException & { stderr: string }
    >;
    if (killed) return { failure: `it took longer than ${LIMIT_MS / 60_000} minutes` };
    const failure = lastLine(stderr ?? '') || `its process ended with ${signal}`;
    return { failure, hasTrapped: code === TRAPPED };
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
