import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { WORD_PIECE } from '../../fixtures/tokenizers.js';
import { compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';

function pipelineOf(pool: object = {}, after: readonly object[] = [{ step: 'l2-normalize' }]) {
  const spec: ModelSpec = parseModelSpec({
    format: 1,
    name: 'embedder',
    version: '1.0.0',
    sequence: 1,
    task: 'feature-extraction',
    inputs: ['input_ids', 'attention_mask'].map((name) => ({
      name,
      datatype: 'INT64',
      shape: [-1, -1],
    })),
    outputs: [{ name: 'last_hidden_state', datatype: 'FP32', shape: [-1, -1, 2] }],
    resources: { words: 'tokenizer.json' },
    preprocessing: [
      { step: 'decode-text' },
      { step: 'tokenize', tokenizer: 'words', vocab_size: 999, max_length: 6, stride: 0 },
    ],
    postprocessing: [
      { step: 'pool', ...pool },
      { step: 'combine-windows' },
      ...after,
      { step: 'embedding' },
    ],
    variants: [{ name: 'fp32', runtime: 'onnx', dtype: 'fp32', files: ['m.onnx'] }],
    limits: { memoryBytes: 1_000_000 },
  });
  const file = new TextEncoder().encode(JSON.stringify(WORD_PIECE));
  return compilePipeline(spec, {
    resources: new Map([['tokenizer.json', file]]),
    stepsFile: STEPS_FILE,
  });
}

const vectors = (...data: number[]) => ({
  last_hidden_state: {
    datatype: 'FP32',
    shape: [1, data.length / 2, 2],
    data: Float32Array.from(data),
  } as const,
});

async function embed(text: string, outputs: ReturnType<typeof vectors>[], pipeline = pipelineOf()) {
  const prepared = await pipeline.begin().prepare(text);
  return (await prepared.finish(outputs)) as unknown as { output: Float32Array };
}

test('a text is the mean of its pieces, as long as 1, and padding counts for nothing', async () => {
  const { output } = await embed('the', [vectors(3, 0, 0, 3, 0, 9, 99, 99, 99, 99, 99, 99)]);
  expect(output).toEqual(Float32Array.of(3 / Math.hypot(3, 12), 12 / Math.hypot(3, 12)));
});

test('or the vector of its first piece, as it is', async () => {
  const pipeline = pipelineOf({ pooling_mode: 'cls' }, []);
  const given = [vectors(3, 4, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)];
  expect((await embed('the', given, pipeline)).output).toEqual(Float32Array.of(3, 4));
});

test('windows of a long text are one vector: the mean of all their pieces', async () => {
  const long = vectors(...Array.from({ length: 6 }, () => [1, 0]).flat());
  const short = vectors(0, 1, 0, 1, 0, 1, 9, 9, 9, 9, 9, 9);
  const { output } = await embed('the the the the the', [long, short], pipelineOf({}, []));
  expect(output).toEqual(Float32Array.of(6 / 9, 3 / 9));
});

test('tensors that were given count by their own mask', async () => {
  const ids = { datatype: 'INT64', shape: [1, 3], data: BigInt64Array.of(2n, 3n, 0n) } as const;
  const attention_mask = { ...ids, data: BigInt64Array.of(1n, 1n, 0n) };
  const prepared = pipelineOf({}, [])
    .begin()
    .take([{ input_ids: ids, attention_mask }]);
  const { output } = (await prepared.finish([vectors(1, 0, 3, 0, 99, 99)])) as unknown as {
    output: Float32Array;
  };
  expect(output).toEqual(Float32Array.of(2, 0));
});

test('a vector that is no number, or of other pieces, fails', async () => {
  const failed = { code: 'backend-failed' };
  await expect(embed('the', [vectors(Number.NaN, 1)])).rejects.toMatchObject(failed);
  await expect(embed('the', [vectors(1, 1)])).rejects.toMatchObject(failed);
});
