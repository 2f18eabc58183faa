import { expect, test } from 'vitest';
import type { Input } from '../../../shared/api/run.js';
import type { RunReply } from '../../../shared/protocol.js';
import { loadLater } from '../../model/load-later.js';
import type { QueuedRun, RunOutcome } from '../../running/post-batch.js';
import { createRunner, type RunnerOptions, run, runItem } from '../../running/run-model.js';
import { QUEUE_LIMITS, RunQueue } from '../../running/run-queue.js';
import type { Handover } from '../../serving/handover.js';
import type { Serving } from '../../serving/serving.js';
import { type SeriesContext, scoreModel } from './score.js';

/** The model's own queue and runner; its worker answers when the test says so. */
function openModel(parts: Pick<RunnerOptions, 'fallBack'> = { fallBack: undefined }) {
  const spec = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }], outputs: [] };
  const serving = { version: { spec, release: {} }, variant: {}, loaded: {} };
  const handover = { current: serving as unknown as Serving } as Handover;
  const posted: (() => void)[] = [];
  const taken: QueuedRun[] = [];
  const answer = { output: [], times: { pre: 0, run: 1, post: 0 }, batch: 1 };
  const queue = new RunQueue<QueuedRun, RunReply>({
    maxBatch: 1,
    maxDelayMs: 0,
    discard: () => {},
    post: (works) => ({
      end: new Promise<readonly RunOutcome[]>((resolve) => {
        posted.push(() =>
          resolve(works.map(() => ({ ok: true, value: answer as unknown as RunReply }))),
        );
        taken.push(...works);
        const [work] = works; // one alone; what is wrong with it is found out before it crosses
        Promise.resolve(work?.input).catch((error) => resolve([{ ok: false, error }]));
      }),
      hasBegun: true,
      recall: () => {},
      terminate: () => {},
    }),
  });
  const closing = new AbortController().signal;
  const runner = createRunner({
    handover,
    closing,
    queue,
    observers: [],
    refusal: () => undefined,
    help: loadLater,
    takeOther: undefined,
    ...parts,
  });
  const series: SeriesContext = {
    handover,
    closing,
    runItem: (item, options) => runItem(runner, item, options),
  };
  const score = (inputs: Iterable<Input>) => scoreModel(series, inputs);
  return { score, run: (input: Input) => run(runner, input), queue, posted, taken };
}

const input = (): Input => ({
  tensors: { x: { datatype: 'FP32', shape: [1], data: new Float32Array(1) } },
});

const inputs = (count: number) => Array.from({ length: count }, () => input());

/** Until everything that can happen by itself has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setTimeout(resolve));
}

test('two scores at the same time take no places of the queue, from each other or from calls', async () => {
  const { score, run, queue, posted } = openModel();
  const codes: unknown[] = [];
  const isDone = { scores: false };
  const scoring = Promise.all(
    [score(inputs(60)), score(inputs(60))].map(async (scores) => {
      let count = 0;
      for await (const scored of scores) {
        if ('error' in scored) codes.push((scored.error as { code?: unknown }).code);
        count += 1;
      }
      return count;
    }),
  ).finally(() => {
    isDone.scores = true;
  });
  await settled();
  expect(queue.waiting).toBe(2 * 48 - QUEUE_LIMITS.posted);
  const calls = Array.from({ length: QUEUE_LIMITS.waiting }, () => run(input()));
  await expect(run(input())).rejects.toMatchObject({ code: 'queue-full' });
  while (!isDone.scores) {
    for (const answer of posted.splice(0)) answer();
    await settled();
  }
  expect(await scoring).toEqual([60, 60]);
  expect(codes).toEqual([]);
  expect(await Promise.all(calls)).toHaveLength(QUEUE_LIMITS.waiting);
});

test("an input that fails is given to the app's own function, as one of `run` is", async () => {
  const asked: unknown[] = [];
  const { score } = openModel({
    fallBack: async ({ input }) => {
      asked.push(input);
      return undefined;
    },
  });
  const bad = 5 as unknown as Input;
  const scores = score([bad]);
  expect((await scores.next()).value).toMatchObject({ error: { code: 'input-invalid' } });
  expect(asked).toEqual([bad]);
});

test('an input of a score takes no option from a prototype', async () => {
  const { score, taken } = openModel();
  Object.defineProperty(Object.prototype, 'transfer', { value: true, configurable: true });
  try {
    void score([input()]).next();
    await expect.poll(() => taken.length).toBe(1);
    expect(taken[0]?.isGiven).toBe(false);
  } finally {
    delete (Object.prototype as { transfer?: true }).transfer;
  }
});
