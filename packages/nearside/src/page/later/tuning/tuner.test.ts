import { expect, test, vi } from 'vitest';
import { withStandIns } from '../../../testing/worker-stand-in.js';
import type { BackendChoice } from '../../choice/backend-choice.js';
import { type ChoiceRecord, choiceCircumstances } from '../../choice/backend-choice.js';
import { rememberChoice } from '../../choice/later/remember-choice.js';
import { Handover } from '../../serving/handover.js';
import { createTuner } from './tuner.js';

const LIGHT = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const FAST = { backend: 'onnx-wasm', variant: 'int8' } as const;
const FAILED = { backend: 'onnx-wasm', variant: 'fp32', message: 'wrong', atMs: 0 } as const;

test('one that is known to be faster is started when runs have lost what that costs, and not before', async () => {
  const { asked, handover, tuner } = await servingLight('idle');
  await tuner.tune();
  tuner.ran(LIGHT, 600);
  tuner.ran(LIGHT, 600);
  await tuner.tune();
  expect(asked).not.toContain('open onnx-wasm'); // 800 ms are lost
  tuner.ran(LIGHT, 600);
  await vi.waitFor(() => expect(handover.current.backend).toBe('onnx-wasm'), 30_000);
});

test('what took over so serves, and what is remembered for the next visit is the light one', async () => {
  const { choice, handover, tuner, written } = await servingLight('idle');
  tuner.ran(LIGHT, 3_000);
  await vi.waitFor(() => expect(handover.current.backend).toBe('onnx-wasm'), 30_000);
  expect([choice.record.start, choice.origin]).toEqual([FAST, 'measured']);
  await vi.waitFor(() => expect(written.at(-1)?.measured).toEqual(choice.record.measured), 30_000);
  expect(written.at(-1)?.start).toEqual(LIGHT);
});

test('each start from which nothing took over makes the next one wait for twice the loss', async () => {
  const { asked, choice, tuner } = await servingLight('idle', { isFaster: false });
  const starts = () => asked.filter((call) => call === 'open onnx-wasm').length;
  tuner.ran(LIGHT, 3_000);
  await vi.waitFor(
    () => expect(choice.record.measured).toContainEqual({ ...FAST, p50Ms: 60 }),
    30_000,
  );
  pretendFaster(choice);
  await tuner.tune();
  tuner.ran(LIGHT, 2_900); // two thirds of it are lost, 1,933 ms
  await tuner.tune();
  expect(starts()).toBe(1);
  tuner.ran(LIGHT, 200);
  await vi.waitFor(() => expect(starts()).toBe(2), 30_000);
});

test('a stream that goes on with what served before loses nothing', async () => {
  const { asked, handover, tuner } = await servingLight('idle');
  tuner.ran(LIGHT, 3_000);
  await vi.waitFor(() => expect(handover.current.backend).toBe('onnx-wasm'), 30_000);
  const before = asked.length;
  tuner.ran(LIGHT, 30_000);
  await tuner.tune();
  expect(asked.slice(before)).not.toContain('open tfjs-wasm');
});

test('who waits for the fastest before open gets it at once, and opens with it next time', async () => {
  const { choice, handover, tuner } = await servingLight('before-open');
  await tuner.tune();
  expect(handover.current.backend).toBe('onnx-wasm');
  expect(choice.record.start).toEqual(FAST);
});

/** A later visit, opened with TensorFlow.js, where ONNX Runtime is known to take a third of its time. */
async function servingLight(when: 'idle' | 'before-open', { isFaster = true } = {}) {
  const fastMs = isFaster ? 20 : 60;
  const model = withStandIns(
    (backend) => ({ time: async () => (backend === 'tfjs-wasm' ? 60 : fastMs) }),
    { plan: { tune: { when, maxBytes: 10_000_000, maxMs: 3_000 } } },
  );
  const { context, asked } = model;
  const { choice } = context;
  choice.change({
    circumstances: choiceCircumstances(1),
    adapter: 'none',
    start: LIGHT,
    quarantined: [{ ...FAILED, code: 'golden-mismatch' }],
  });
  pretendFaster(choice);
  const written: ChoiceRecord[] = [];
  rememberChoice(choice, context.plan, async (record) => void written.push(record));
  const handover = new Handover(await model.serve(), {
    revive: () => Promise.reject(new Error('not lost')),
    onHanded() {},
  });
  const tuner = createTuner({
    ...context,
    handover,
    isBusy: () => false,
    onPutOff() {},
  });
  return { asked, choice, handover, tuner, written };
}

function pretendFaster(choice: BackendChoice): void {
  const measured = [
    { ...LIGHT, p50Ms: 60 },
    { ...FAST, p50Ms: 20 },
  ];
  choice.change({ measured });
}
