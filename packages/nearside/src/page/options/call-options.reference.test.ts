import { expect, onTestFinished, test } from 'vitest';
import type { ModelReference } from '../../shared/api/open-options.js';
import { canRun } from '../can-run.js';
import { createEngine } from '../create-engine.js';
import { open } from '../open.js';
import { prefetch } from '../prefetch.js';

const digits: ModelReference<unknown, string> = {
  url: 'https://cdn.example/models/digits',
  trust: `sha256-${'A'.repeat(43)}`,
  task: 'image-classification',
};

/** Node has no TensorFlow.js: what serves is the app's own function, and nothing is fetched. */
const answered = { backend: 'tfjs-wasm', fallback: () => 'one' } as const;

test('open takes a reference, whose options those of the call are added to', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  for (const opening of [open(digits, answered), engine.open(digits, answered)]) {
    await using model = await opening;
    const { output } = await model.run(1);
    expect(output satisfies string).toBe('one');
    expect(model.stats().model).toBe('digits');
  }
});

test('prefetch and canRun take a reference, and know its address and who vouches for it', async () => {
  const { fallback, ...forced } = answered;
  await expect(prefetch(digits, forced)).rejects.toMatchObject({ code: 'no-backend' });
  const signal = AbortSignal.abort('seen to be a model');
  await expect(canRun(digits, { signal })).rejects.toBe('seen to be a model');
});

test('a reference without an address, or with an option that does not exist, is named', async () => {
  const { url, ...nowhere } = digits;
  await expect(open(nowhere as never)).rejects.toThrow('the address of a model; got undefined');
  const misspelt = { ...digits, trsut: '' };
  await expect(open(misspelt)).rejects.toThrow("got 'trsut'");
  await expect(canRun(misspelt)).rejects.toThrow("got 'trsut'");
});
