import { expect, test } from 'vitest';
import { openUnsigned } from './open-unsigned.js';

const bytes = new Uint8Array(10);

test('openUnsigned names what is wrong with its files, its spec and its options', async () => {
  const wrong: [unknown[], RegExp][] = [
    [[], /expected the model to be a File, a Blob, bytes or an address.*got undefined/],
    [[[bytes]], /expected the model to be.*got \[Uint8Array\]/],
    [[new Map()], /expected the model to be.*got Map/],
    [
      [{ url: '/models/digits', integrity: `sha256-${'A'.repeat(43)}=` }],
      /expected the model to be a File.*got what `open` takes/,
    ],
    [[{ 'a.onnx': 5 }], /expected 'a.onnx' to be.*got 5/],
    [['/model.onnx'], /expected 'model.onnx' to have a whole address.*got '\/model.onnx'/],
    [[{ 'a.onnx': new URL('http://cdn.example/b') }], /'a.onnx' to have an https: address/],
    [[new Uint8Array(new SharedArrayBuffer(8))], /got memory that is shared/],
    [[bytes, null], /expected a spec such as \{ name: 'ocr' \}; got null/],
    [[bytes, []], /expected a spec.*got \[\]/],
    [[bytes, { name: () => 1 }], /`spec.name` to be data, as in model.json; got a function/],
    [[bytes, { inputs: [() => 1] }], /`spec.inputs` to be data.*got \[a function\]/],
    [[bytes, {}, null], /expected an object of options; got null/],
    [[bytes, {}, { trust: 'sha256-…' }], /expected one of the options backend.*got 'trust'/],
    [[bytes, {}, { selfCheck: 'on' }], /`selfCheck` to be one of 'off'; got 'on'/],
    [
      [bytes, {}, { tune: 'on' }],
      /`tune` to be 'off', 'before-open' or \{ maxBytes, maxMs \}; got 'on'/,
    ],
    [[bytes, {}, { signal: 0 }], /`signal` to be an AbortSignal; got 0/],
    [[bytes, {}, { policy: null }], /`policy` to be \{ restHiddenMs, watchdogMs \}; got null/],
    [[bytes, {}, { policy: { watchdogMs: '5' } }], /`policy.watchdogMs`.*got '5'/],
    [
      [bytes, {}, { policy: { maxBytes: 5 } }],
      /fields of `policy` restHiddenMs, watchdogMs; got 'maxBytes'/,
    ],
  ];
  for (const [given, message] of wrong) {
    const error: Error = await openUnsigned(...(given as [never])).then(
      () => new Error('it was opened'),
      (error) => error,
    );
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^openUnsigned: /);
    expect(['TypeError', 'RangeError']).toContain(error.name);
  }
});
