import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Parts of the model directory that a test may change. */
export interface SyntheticModel {
  readonly name?: string;
  readonly version?: string;
  readonly sequence?: number;
  /** Seeds the weights of the ONNX variant, which nothing compresses. */
  readonly seed?: number;
  readonly weightBytes?: number;
  /** Makes the weights those of this seed with a few bytes changed, as for a delta. */
  readonly nearSeed?: number | undefined;
  /** Added to some of the bytes. */
  readonly tuning?: number;
  readonly inputName?: string;
  /** Names the better of its two scores, so that two versions can agree. */
  readonly decides?: boolean;
}

/** Writes a tiny, complete model directory and returns its path. */
export async function writeSyntheticModel(
  directory: string,
  {
    name = 'tiny',
    version = '1.0.0',
    sequence = 1,
    seed = 1,
    weightBytes = 900,
    nearSeed,
    tuning = 1,
    inputName = 'x',
    decides = false,
  }: SyntheticModel = {},
): Promise<string> {
  const files: Record<string, string | Uint8Array> = {
    'model.json': json(specOf({ name, version, sequence }, { inputName, decides })),
    'golden.json': json(goldenOf(inputName)),
    'baseline.json': json(BASELINE),
    'MODEL.md': `# ${name}\n\nA model of nothing, for tests.\n`,
    'onnx/model.onnx':
      nearSeed === undefined
        ? noise(weightBytes, seed)
        : tuned(noise(weightBytes, nearSeed), tuning),
    'tfjs/model.json': json({ weightsManifest: [{ paths: ['weights.bin'], weights: [] }] }),
    'tfjs/weights.bin': noise(2000, 9).map((byte) => byte & 15),
    'golden/one.x.bin': floats(1, 2, 3, 4),
    'golden/one.onnx.y.bin': floats(0.5, -0.5),
    'golden/one.tfjs.y.bin': floats(0.25, -0.25),
    'train/notes.txt': 'not part of the package',
  };
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), content);
  }
  return directory;
}

/** Bytes that look random and are the same for the same seed (xorshift32). */
export function noise(sizeBytes: number, seed: number): Uint8Array {
  let state = seed * 2_654_435_761 || 1;
  return Uint8Array.from({ length: sizeBytes }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

/** Changes the weights as a little more training would. */
function tuned(weights: Uint8Array, tuning: number): Uint8Array {
  return weights.map((byte, i) => (i % 100 === 7 ? byte + tuning : byte));
}

function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function specOf(
  identity: { name: string; version: string; sequence: number },
  { inputName, decides }: { inputName: string; decides: boolean },
) {
  return {
    format: 1,
    ...identity,
    task: 'tensors',
    inputs: [{ name: inputName, datatype: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    preprocessing: [],
    postprocessing: decides ? [{ step: 'top-k', top_k: 1, id2label: { 0: 'no', 1: 'yes' } }] : [],
    variants: [
      { name: 'onnx', runtime: 'onnx', dtype: 'fp32', files: ['onnx/model.onnx'] },
      {
        name: 'tfjs',
        runtime: 'tfjs',
        format: 'layers-model',
        dtype: 'fp32',
        files: ['tfjs/model.json', 'tfjs/weights.bin'],
      },
    ],
    limits: { memoryBytes: 1_000_000 },
  };
}

const goldenOf = (inputName: string) => ({
  format: 1,
  cases: [
    {
      name: 'one',
      inputs: { [inputName]: { datatype: 'FP32', shape: [1, 4], file: 'golden/one.x.bin' } },
      expected: {
        onnx: { y: { datatype: 'FP32', shape: [1, 2], file: 'golden/one.onnx.y.bin' } },
        tfjs: { y: { datatype: 'FP32', shape: [1, 2], file: 'golden/one.tfjs.y.bin' } },
      },
    },
  ],
  tolerance: { onnx: { abs: 1e-5, rel: 1e-5 }, tfjs: { abs: 1e-3, rel: 1e-3 } },
});

const BASELINE = {
  format: 2,
  n: 2,
  distributions: [
    { name: 'confidence', kind: 'score', edges: [0, 0.5, 1], counts: [1, 1], correct: [0, 1] },
  ],
};
