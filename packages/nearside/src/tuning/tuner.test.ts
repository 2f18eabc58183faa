import { expect, test, vi } from 'vitest';
import { choiceCircumstances } from '../choice/choice-record.js';
import { createHandover } from '../serving/handover.js';
import { withStandIns } from '../testing/worker-stand-in.js';
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
  await vi.waitFor(() => expect(handover.current.backend).toBe('onnx-wasm'));
});

test('what took over so serves this visit, and the next one opens with the light one again', async () => {
  const { choice, handover, tuner } = await servingLight('idle');
  tuner.ran(LIGHT, 3_000);
  await vi.waitFor(() => expect(handover.current.backend).toBe('onnx-wasm'));
  expect(choice.record.start).toEqual(LIGHT);
  expect(choice.origin).toBe('measured');
});

test('who waits for the fastest before open gets it at once, and opens with it next time', async () => {
  const { choice, handover, tuner } = await servingLight('before-open');
  await tuner.tune();
  expect(handover.current.backend).toBe('onnx-wasm');
  expect(choice.record.start).toEqual(FAST);
});

/** A later visit, opened with TensorFlow.js, where ONNX Runtime is known to take a third of its time. */
async function servingLight(when: 'idle' | 'before-open') {
  const model = withStandIns(
    (backend) => ({ time: async () => (backend === 'tfjs-wasm' ? 60 : 20) }),
    { plan: { tune: { when, maxBytes: 10_000_000, maxMs: 3_000 } } },
  );
  const { context, asked } = model;
  const { choice } = context;
  choice.change({
    circumstances: choiceCircumstances(1),
    adapter: 'none',
    start: LIGHT,
    measured: [
      { ...LIGHT, p50Ms: 60 },
      { ...FAST, p50Ms: 20 },
    ],
    quarantined: [{ ...FAILED, code: 'golden-mismatch' }],
  });
  const handover = createHandover(await model.serve(), {
    revive: () => Promise.reject(new Error('not lost')),
    onHanded() {},
  });
  const tuner = createTuner({
    ...context,
    handover,
    isBusy: () => false,
    onPutOff() {},
    onQuarantined() {},
  });
  return { asked, choice, handover, tuner };
}
