import { expect, test } from 'vitest';
import { createEngine } from './create-engine.js';

test('a wrong option is named, with what was expected and got', () => {
  const wrong: [object, RegExp][] = [
    [{ workers: 0 }, /`workers` to be 1 to 16 or 'auto'; got 0/],
    [{ workers: 1.5 }, /got 1.5/],
    [{ workers: 'many' }, /got 'many'/],
    [{ workers: Symbol('two') }, /got Symbol\(two\)/],
    [{ memoryBudgetBytes: -1 }, /`memoryBudgetBytes` to be a number above 0; got -1/],
    [{ idleMs: Number.NaN }, /`idleMs` to be a number above 0; got NaN/],
    [{ idleMs: '5' }, /`idleMs` to be a number above 0; got '5'/],
    [{ threads: 0 }, /`threads` to be a whole number above 0; got 0/],
    [{ threads: 1.5 }, /`threads` to be a whole number above 0; got 1.5/],
  ];
  for (const [options, message] of wrong) {
    expect(() => createEngine(options as never)).toThrow(RangeError);
    expect(() => createEngine(options as never)).toThrow(message);
  }
  expect(() => createEngine({ assets: 1 } as never)).toThrow(TypeError);
  expect(() => createEngine({ worker: 'worker.js' } as never)).toThrow(TypeError);
  expect(() => createEngine({ cores: 2 } as never)).toThrow(/got 'cores'/);
  for (const options of [null, 5, [], () => 1, new AbortController().signal]) {
    expect(() => createEngine(options as never)).toThrow(/^createEngine: expected an object/);
  }
});

test('an engine that was closed opens nothing more', async () => {
  const engine = createEngine();
  expect(engine.stats()).toEqual({ models: [], workers: [], declaredBytes: 0 });
  await Promise.all([engine.close(), engine.close()]);
  const opening = engine.open('https://cdn.example/models/digits', { trust: 'sha256-…' });
  await expect(opening).rejects.toMatchObject({ code: 'closed' });
});

test('a model that the app’s own function answers for is one of the engine’s, and closes with it', async () => {
  const engine = createEngine();
  const model = await engine.open('https://cdn.example/models/digits', {
    trust: `sha256-${'A'.repeat(43)}`,
    backend: 'tfjs-wasm', // of which Node has none
    fallback: () => 'by hand',
  });
  expect(engine.stats().models).toEqual([{ model: 'digits', isResting: false }]);
  const run = () => model.run({ tensors: {} });
  expect((await run()).output).toBe('by hand');
  await engine.close();
  expect(engine.stats().models).toEqual([]);
  await expect(run()).rejects.toMatchObject({ code: 'closed' });
});
