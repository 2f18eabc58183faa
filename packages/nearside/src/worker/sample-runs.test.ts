import { expect, test } from 'vitest';
import { type Reply, RUNS_PER_SAMPLE, type RunReply, type RunRequest } from '../shared/protocol.js';
import { createRunSamples, MOST_SAMPLES } from './sample-runs.js';

const OK: Reply<RunReply> = {
  ok: true,
  value: {
    output: 'an answer',
    batch: 1,
    times: { pre: 1, run: 2, post: 3 },
    observation: { bins: [4], predicted: '7', substituted: [] },
  },
};
const FAILED: Reply<RunReply> = {
  ok: false,
  error: { code: 'decode-failed', message: '', details: {}, retryable: false, causes: [] },
};

const requestOf = (value: unknown, more: Partial<RunRequest> = {}): RunRequest => ({
  id: 1,
  inputs: [{ input: { kind: 'other', value, owned: [] }, topK: 3 }],
  ...more,
});
const ok = async () => [OK];

async function runs(samples: ReturnType<typeof createRunSamples>, n: number): Promise<void> {
  for (let i = 0; i < n; i += 1) await samples.during(requestOf('any'), ok);
}

/** The next run in the foreground is due. */
async function due() {
  const samples = createRunSamples();
  samples.take(RUNS_PER_SAMPLE);
  await runs(samples, RUNS_PER_SAMPLE - 1);
  return samples;
}

test('no run is kept that nobody has asked for', async () => {
  const samples = createRunSamples();
  await runs(samples, 200);
  expect(samples.take(RUNS_PER_SAMPLE)).toEqual([]);
});

test('of fifty runs one is kept, with its input as it came and without its answer', async () => {
  const samples = await due();
  const numbers = new Float32Array([1, 2]);
  await samples.during(requestOf(numbers), async () => {
    numbers.fill(0); // the worker owns it, and may write into it
    return [OK];
  });
  await runs(samples, RUNS_PER_SAMPLE - 1);
  const { output: _, ...observed } = OK.value;
  const input = { kind: 'other', value: new Float32Array([1, 2]), owned: [] };
  expect(samples.take(RUNS_PER_SAMPLE)).toEqual([{ input, topK: 3, reply: observed }]);
  expect(samples.take(RUNS_PER_SAMPLE)).toEqual([]);
});

test('so few are kept, however long nobody takes them, and none once they are not wanted', async () => {
  const samples = await due();
  await runs(samples, 2 * MOST_SAMPLES * RUNS_PER_SAMPLE);
  expect(samples.take(undefined)).toHaveLength(MOST_SAMPLES);
  await runs(samples, 200);
  expect(samples.take(undefined)).toEqual([]);
});

test.each<[string, RunRequest, () => Promise<Reply<RunReply>[]>]>([
  ['fails', requestOf('x'), async () => [FAILED]],
  ['loses its backend', requestOf('x'), () => Promise.reject(new Error('device lost'))],
  ['is in the background', requestOf('x', { priority: 'background' }), ok],
  ['is of a stream', requestOf('x', { stream: 1 }), ok],
  [
    'is one of a batch',
    requestOf('x', { inputs: [1, 2].flatMap(() => requestOf('x').inputs) }),
    ok,
  ],
  ['has an input that cannot be copied', requestOf(() => {}), ok],
  [
    'has an input that takes much memory',
    {
      id: 1,
      inputs: [
        {
          input: {
            kind: 'image',
            image: { data: new Uint8ClampedArray(4 * 2000 * 2000), width: 2000, height: 2000 },
          },
        },
      ],
    },
    ok,
  ],
  ['has a text that takes much memory', requestOf({ text: 'x'.repeat(7e6) }), ok],
  ['has numbers that take much memory', requestOf([Array(2e5).fill(0.5)]), ok],
  ['has an array that nobody has given away', requestOf({ samples: new Float32Array(4e6) }), ok],
])('a run that %s is not kept, and one of the next fifty is', async (_, request, run) => {
  const samples = await due();
  await samples.during(request, run).catch(() => {});
  await runs(samples, RUNS_PER_SAMPLE);
  expect(samples.take(RUNS_PER_SAMPLE)).toMatchObject([{ input: { value: 'any' } }]);
});

test('of fifty runs that fail one pays for a copy', async () => {
  const samples = await due();
  let copies = 0;
  const input = {
    get text() {
      copies += 1;
      return 'x';
    },
  };
  for (let i = 0; i < 2 * RUNS_PER_SAMPLE; i += 1) {
    await samples.during(requestOf(input), async () => [FAILED]);
  }
  expect(copies).toBe(4); // it is weighed, and copied
});

test('an input that leads to itself is kept as any other', async () => {
  const samples = await due();
  const input: { self?: unknown } = {};
  input.self = input;
  await samples.during(requestOf(input), ok);
  expect(samples.take(RUNS_PER_SAMPLE).length).toBeLessThanOrEqual(1);
});
