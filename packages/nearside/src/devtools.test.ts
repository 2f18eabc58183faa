import { createDeferred } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { showInDevTools } from './devtools.js';
import { createModelEmitter } from './shared/api/events.js';
import type { Model } from './shared/api/model.js';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('changes of backend and version are drawn as they happen, those from before and after it was stopped are not', async () => {
  const { model, emitter } = observed();
  const backend = { backend: 'onnx-wasm', variant: 'int8', origin: 'prior' } as const;
  emitter.emit('backend-selected', { ...backend, backend: 'tfjs-wasm' });
  const labels = await measured(async () => {
    const stop = showInDevTools(model);
    await Promise.resolve();
    emitter.emit('backend-selected', { ...backend, origin: 'measured' });
    emitter.emit('version-ready', { version: '1.1.0', sequence: 2 });
    emitter.emit('version-swapped', { from: '1.0.0', to: '1.1.0' });
    emitter.emit('version-rolled-back', { from: '1.1.0', to: '1.0.0', code: 'backend-failed' });
    emitter.emit('run-end', { id: 'a-1', ok: false, totalMs: 0 });
    stop();
    stop();
    emitter.emit('version-ready', { version: '1.2.0', sequence: 3 });
  });
  expect(labels).toEqual([
    'open (store)',
    'check',
    'onnx-wasm, int8 (measured)',
    '1.1.0 is ready',
    '1.0.0 → 1.1.0',
    '1.1.0 → 1.0.0: backend-failed',
    'run a-1: aborted',
  ]);
  expect(performance.getEntriesByType('measure')).toEqual([]);
});

for (const [what, performance] of Object.entries({
  'there is none': { now: () => 5 },
  'it takes marks alone': {
    now: () => 5,
    measure() {
      throw new SyntaxError('The mark [object Object] does not exist.');
    },
  },
})) {
  test(`without console.timeStamp with times nothing is drawn and nothing thrown where of performance.measure ${what}`, async () => {
    vi.stubGlobal('performance', performance);
    const { model, emitter } = observed();
    const stop = showInDevTools(model);
    await Promise.resolve();
    emitter.emit('run-end', { id: 'a-1', ok: false, totalMs: 2 });
    stop();
  });
}

test('what is no open model is refused', () => {
  for (const given of [undefined, {}, Promise.resolve()]) {
    expect(() => showInDevTools(given as never)).toThrow(
      new TypeError('showInDevTools: expected an open model, as `open` gives it'),
    );
  }
});

function observed() {
  const emitter = createModelEmitter();
  const steps = { metadata: 0, weights: 0, runtime: 0, session: 0, check: 3 };
  const opening = { origin: 'store', startMs: 1, totalMs: 9, steps };
  const stats = () => ({ model: 'digits', opening });
  return { emitter, model: { on: emitter.on, stats } as unknown as Model };
}

/** Names of the measures that are made meanwhile: their observers hear of those that are cleared too. */
async function measured(work: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  const { promise, resolve } = createDeferred<void>();
  const observer = new PerformanceObserver((list) => {
    names.push(...list.getEntries().map(({ name }) => name.replace('Nearside: ', '')));
    resolve();
  });
  observer.observe({ entryTypes: ['measure'] });
  await work();
  await promise;
  observer.disconnect();
  return names;
}
