import { expect, test } from 'vitest';
import { runtimeAssets } from './runtime-assets.js';

test('runtimeAssets says what is wrong with what it is given, and lists the files of what is right', () => {
  const wrong: [unknown, RegExp][] = [
    [null, /expected an object of options; got null/],
    ['onnx-wasm', /expected an object of options; got 'onnx-wasm'/],
    [{ backend: 'onnx-wasm' }, /expected one of the options backends, assets; got 'backend'/],
    [{ backends: 'onnx-wasm' }, /`backends` to be a list of onnx-wasm.*got 'onnx-wasm'/],
    [{ backends: ['onnx'] }, /`backends` to be a list of onnx-wasm.*got \['onnx'\]/],
    [{ assets: 5 }, /`assets` to be a folder's address; got 5/],
    [{ assets: 'no address' }, /`assets` to be a folder's address; got 'no address'/],
  ];
  for (const [options, message] of wrong) {
    expect(() => runtimeAssets(options as never)).toThrow(/^runtimeAssets: /);
    expect(() => runtimeAssets(options as never)).toThrow(message);
  }
  const assets = 'https://cdn.example/nearside';
  expect(runtimeAssets({ backends: ['tfjs-webgpu'], assets })).toEqual([
    'https://cdn.example/nearside/worker-tfjs-webgpu.js',
    'https://cdn.example/nearside/steps.js',
  ]);
});
