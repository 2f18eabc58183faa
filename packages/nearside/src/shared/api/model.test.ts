import type { Segment } from '@nearside/pipeline';
import { expectTypeOf, test } from 'vitest';
import { createEngine, type Engine } from '../../page/create-engine.js';
import { open } from '../../page/open.js';
import { openUnsigned } from '../../page/open-unsigned.js';
import type { CustomModel, Model, Profile } from './model.js';
import type { TensorInput } from './run.js';

interface Digit {
  readonly digit: number;
}

const options = { trust: 'sha256-…' };

test('results of an app’s own task have the type that open was given, and others none', () => {
  const opened = (url: string) => open<Digit>(url, options);
  expectTypeOf(opened).returns.resolves.toEqualTypeOf<CustomModel<Digit>>();
  const plain = () => open('https://cdn.example/models/digits', options);
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<Model>();
  const own = async (model: CustomModel<Digit>) => (await model.run({ rows: [] })).output.digit;
  expectTypeOf(own).returns.resolves.toEqualTypeOf<number>();
});

test('an engine and a file that a user picked open one of the same type', () => {
  expectTypeOf(createEngine).returns.toEqualTypeOf<Engine>();
  const pooled = (engine: Engine) =>
    engine.open<Digit>('https://cdn.example/models/digits', options);
  expectTypeOf(pooled).returns.resolves.toEqualTypeOf<CustomModel<Digit>>();
  const plain = (engine: Engine) => engine.open('https://cdn.example/models/digits', options);
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<Model>();
  expectTypeOf(openUnsigned<Digit>).returns.resolves.toEqualTypeOf<CustomModel<Digit>>();
});

test('an own task’s inputs go wherever inputs go, and its results come back from all of them', () => {
  const rows = [{ rows: ['..#..'] }];
  async function scored(model: CustomModel<Digit>) {
    for await (const scored of model.score(rows)) if ('output' in scored) return scored.output;
    return;
  }
  expectTypeOf(scored).returns.resolves.toEqualTypeOf<Digit | undefined>();
  async function streamed(model: CustomModel<Digit>) {
    for await (const { output } of model.stream(rows)) return output;
    return;
  }
  expectTypeOf(streamed).returns.resolves.toEqualTypeOf<Digit | undefined>();
  const profiled = (model: CustomModel<Digit>) => model.profile(rows[0], { runs: 1 });
  expectTypeOf(profiled).returns.resolves.toEqualTypeOf<Profile>();
});

test('a tensor in a variable is taken as one at the call is, and neither with the array of another datatype', () => {
  const x = { datatype: 'FP32', shape: [1], data: Float32Array.of(1) };
  const half = { datatype: 'FP16', shape: [1], data: Float32Array.of(1) } as const;
  async function run(model: Model) {
    await model.run({
      tensors: { x, y: { datatype: 'INT64', shape: [], data: BigInt64Array.of(1n) } },
    });
    // @ts-expect-error FP16 is held in 16 bits
    await model.run({ tensors: { x, half } });
    // @ts-expect-error FP16 is held in 16 bits
    await model.run({ tensors: { x, y: { datatype: 'FP16', shape: [1], data: x.data } } });
    // @ts-expect-error there is no such datatype
    await model.run({ tensors: { x, y: { datatype: 'FP31', shape: [1], data: x.data } } });
    // @ts-expect-error its shape is missing
    await model.run({ tensors: { x: { datatype: x.datatype, data: x.data } } });
    return (await model.run({ tensors: { x } })).output;
  }
  expectTypeOf(run).returns.resolves.toEqualTypeOf<TensorInput>();
});

test('a file is given as it is, as bytes or by its address, alone or by name', () => {
  const address = new URL('https://cdn.example/model.onnx');
  expectTypeOf(openUnsigned).toBeCallableWith('/model.onnx');
  expectTypeOf(openUnsigned).toBeCallableWith(address, { name: 'digits' });
  expectTypeOf(openUnsigned).toBeCallableWith({ 'a.onnx': '/a.onnx', 'a.onnx.data': address });
  expectTypeOf(openUnsigned).toBeCallableWith({
    'a.onnx': new Blob(),
    'a.data': new Uint8Array(1),
  });
});

test('a built-in task’s inputs and results have its types', () => {
  const voice = () => open('…', { trust: 'sha256-…', task: 'voice-activity-detection' });
  const spoken = async (samples: Float32Array) => {
    const { output } = await (await voice()).run({ samples, sampleRateHz: 16000 });
    return output.segments[0];
  };
  expectTypeOf(spoken).returns.resolves.toEqualTypeOf<Segment | undefined>();
  async function streamed(pieces: AsyncIterable<AudioBuffer>) {
    for await (const { output } of (await voice()).stream(pieces)) return output.open?.fromMs;
    return;
  }
  expectTypeOf(streamed).returns.resolves.toEqualTypeOf<number | undefined>();
  const classified = async (file: Blob) => {
    const model = await open('…', { trust: 'sha256-…', task: 'audio-classification' });
    return (await model.run(file)).output[0]?.label;
  };
  expectTypeOf(classified).returns.resolves.toEqualTypeOf<string | undefined>();
  // @ts-expect-error a record is no sound
  const wrong = async () => (await voice()).run({ age: 3 });
  expectTypeOf(wrong).toBeFunction();
});
