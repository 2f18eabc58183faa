import { expect, test } from 'vitest';
import { canRun } from './can-run.js';

const bytes = new Uint8Array(10);
const ADDRESS = 'https://cdn.example/models/digits';

test('canRun names what is wrong with its files and its options', async () => {
  const wrong: [unknown[], RegExp][] = [
    [[], /^canRun: expected the model to be a File, a Blob, bytes or an address.*got undefined/],
    [[5], /^canRun: expected the model to be.*got 5/],
    [[bytes, null], /^canRun: expected an object of options; got null/],
    [[bytes, { trust: 'sha256-…' }], /^canRun: expected one of the options backend.*got 'trust'/],
    [[bytes, { maxMs: 0 }], /^canRun: expected `maxMs` to be a number above 0; got 0/],
    [[bytes, { memoryBudgetBytes: '1' }], /`memoryBudgetBytes` to be a number above 0; got '1'/],
    [[bytes, { spec: null }], /^canRun: expected a spec such as.*got null/],
    [[bytes, { spec: 5 }], /^canRun: expected a spec such as.*got 5/],
    [[bytes, { spec: { stages: [] } }], /^canRun: expected a spec of one model; got `stages`/],
    [[ADDRESS, { policy: {} }], /^canRun: expected one of the options.*got 'policy'/],
    [[ADDRESS, { maxBytes: -1 }], /^canRun: expected `maxBytes` to be a number above 0; got -1/],
    [[ADDRESS, { spec: {} }], /^canRun: expected one of the options.*got 'spec'/],
    [[ADDRESS, { threads: 0.5 }], /^canRun: expected `threads`.*got 0.5/],
    [[ADDRESS], /trust/],
    [['/model.onnx'], /^canRun: expected 'model.onnx' to have a whole address/],
    [[new URL(`${ADDRESS}.onnx?a=1`), { trust: 'sha256-…' }], /one of the options.*got 'trust'/],
  ];
  for (const [given, message] of wrong) {
    const error: Error = await canRun(...(given as [never])).then(
      () => new Error('it answered'),
      (error) => error,
    );
    expect(error.message).toMatch(message);
    expect(['TypeError', 'RangeError']).toContain(error.name);
  }
});

test('a call that was aborted before is rejected with its reason', async () => {
  const signal = AbortSignal.abort('changed their mind');
  await expect(canRun(bytes, { signal })).rejects.toBe('changed their mind');
});

test('what is no model is a code, of the call and not of a backend', async () => {
  await expect(canRun({ 'model.onnx': bytes, 'golden.json': bytes })).rejects.toMatchObject({
    code: 'metadata-malformed',
  });
});
