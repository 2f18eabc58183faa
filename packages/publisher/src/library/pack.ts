import { graphFileName, requireFewRepeats } from '@nearside/artifact';
import { type Layout, sum, type Variant } from '@nearside/core';
import type { OnProgress } from '../files/slices.js';
import { cutOutWeights } from '../packing/cut-out-weights.js';
import type { GoldenSize } from '../packing/golden-size.js';
import { layOutBytes, layOutFiles } from '../packing/lay-out-files.js';
import { readModelDirectory } from '../packing/model-directory.js';
import { openOutputDirectory, writeOutput } from '../packing/output-directory.js';
import { editSpec, type StagedModel, stageModel } from '../packing/stage-model.js';
import { tryRuntime } from '../packing/try-runtime.js';

export interface PackOptions {
  /** Directory with model.json, golden.json, baseline.json, MODEL.md and all files they name. */
  readonly modelDirectory: string;
  /** Directory to write to: new, empty, or the output of an earlier pack. */
  readonly out: string;
  /**
   * The file of ONNX Runtime that devices need. `try` runs the golden cases in the common one, to see if it is enough,
   * and notes in model.json how much memory they took. By default the layout says nothing, and devices use the full file.
   */
  readonly onnxRuntime?: Layout['onnxRuntime'] | 'try';
  readonly onProgress?: OnProgress | undefined;
}

export interface PackedModel extends GoldenSize {
  readonly directory: string;
  readonly model: string;
  readonly version: string;
  readonly sequence: number;
  readonly variants: readonly string[];
  /** The heap that the largest of them needs, as model.json says now. */
  readonly memoryBytes: number;
  readonly onnxRuntime: Layout['onnxRuntime'];
  readonly files: readonly PackedFile[];
  readonly sizeBytes: number;
  /** Bytes of the chunks on a server: compressed where that is worth it, each counted once. */
  readonly storedBytes: number;
}

export interface PackedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunks: number;
  readonly storedBytes: number;
}

/**
 * Checks a model directory and copies it with the layout of its chunks, for `publish`. Weights of ONNX files over 1 MiB
 * get a file of their own. For each variant that it understands it also writes the files without their weights, for
 * `canRun`. The same directory gives the same bytes.
 *
 * @throws NearsideError `file-missing`, `metadata-malformed`, `model-invalid`, `output-exists` or `bundle-mismatch`
 */
export async function pack({
  modelDirectory,
  out,
  onnxRuntime,
  onProgress = () => {},
}: PackOptions): Promise<PackedModel> {
  const source = await readModelDirectory(modelDirectory);
  const earlier = await openOutputDirectory(out, { modelDirectory });
  await using staged = await stageModel(source);
  const needed = onnxRuntime === 'try' ? await tryStaged(staged) : onnxRuntime;
  const { path, spec, golden, goldenSize, files } = await readModelDirectory(staged.directory);
  const ofModel = await layOutFiles(path, files, { variants: spec.variants, onProgress });
  const graphs = await makeGraphs(path, spec.variants);
  const laidOut = { ...ofModel, files: { ...ofModel.files, ...(await layOutBytes(graphs)) } };
  const layout = needed ? { ...laidOut, onnxRuntime: needed } : laidOut;
  requireFewRepeats(layout, spec, golden);
  await writeOutput(out, { earlier, modelDirectory: path, layout, made: graphs });
  const { name: model, version, sequence } = spec;
  const variants = spec.variants.map((variant) => variant.name);
  const { memoryBytes } = spec.limits;
  const identity = { model, version, sequence, variants, memoryBytes, onnxRuntime: needed };
  return { directory: out, ...identity, ...goldenSize, ...weigh(layout) };
}

/** Notes in model.json how much memory was needed. A larger number that its author wrote stays. */
async function tryStaged({ directory }: StagedModel): Promise<Layout['onnxRuntime']> {
  const { onnxRuntime, memoryBytes } = await tryRuntime(directory);
  await editSpec(directory, (json) => {
    const variants = json.variants.map((variant) => ({
      ...variant,
      memoryBytes: Math.max(variant.memoryBytes ?? 0, memoryBytes.get(variant.name) as number),
    }));
    const most = Math.max(json.limits.memoryBytes, ...variants.map((one) => one.memoryBytes));
    return { ...json, variants, limits: { ...json.limits, memoryBytes: most } };
  });
  return onnxRuntime;
}

async function makeGraphs(directory: string, variants: readonly Variant[]) {
  const graphs = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const variant of variants) {
    const graph = await cutOutWeights(directory, variant);
    if (graph) graphs.set(graphFileName(variant.name), graph);
  }
  return graphs;
}

function weigh({ files }: Layout): Pick<PackedModel, 'files' | 'sizeBytes' | 'storedBytes'> {
  const stored = new Map<string, number>();
  const weighed = Object.entries(files).map(([name, chunks]): PackedFile => {
    for (const [sha256, size, gzip] of chunks) stored.set(sha256, gzip ?? size);
    return {
      name,
      sizeBytes: sum(chunks.map(([, size]) => size)),
      chunks: chunks.length,
      storedBytes: sum(chunks.map(([, size, gzip]) => gzip ?? size)),
    };
  });
  return {
    files: weighed,
    sizeBytes: sum(weighed.map((file) => file.sizeBytes)),
    storedBytes: sum(stored.values()),
  };
}
