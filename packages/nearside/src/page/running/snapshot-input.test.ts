import { runInNewContext } from 'node:vm';
import type { ModelSpec } from '@nearside/core';
import { expect, test } from 'vitest';
import { transferablesOf } from '../../shared/protocol.js';
import { refuseInput } from './later/refuse-input.js';
import { snapshotInput } from './snapshot-input.js';

const spec = {
  name: 'digits',
  task: 'image-classification',
  inputs: [{ name: 'pixel_values', datatype: 'FP32', shape: [-1, 1, 2, 2] }],
} as unknown as ModelSpec;

const tensors = (data = new Float32Array(4), shape = [1, 1, 2, 2]) => ({
  tensors: { pixel_values: { datatype: 'FP32' as const, shape, data } },
});
const snap = (input: unknown, transfer = false) =>
  snapshotInput(input as never, spec, { transfer, refuse: refuseInput });

test('the caller keeps its tensors, and may change them at once', async () => {
  const input = tensors();
  const taken = await snap(input);
  input.tensors.pixel_values.data.fill(9);
  expect(taken).toMatchObject({ tensors: { pixel_values: { data: new Float32Array(4) } } });
});

test('several models in one take what their first step takes, and no tensors', async () => {
  const stages = [
    { ...spec, name: 'detect' },
    { ...spec, name: 'recognize' },
  ];
  const staged = { ...spec, inputs: [], task: 'ocr', stages } as unknown as ModelSpec;
  const taken = (input: unknown) =>
    snapshotInput(input as never, staged, { transfer: false, refuse: refuseInput });
  expect(await taken(new Blob(['picture']))).toMatchObject({ kind: 'image' });
  for (const input of [{ tensors: {} }, tensors()]) {
    await expect(taken(input)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('several models in one'),
    });
  }
});

test('with transfer the caller’s own buffer is given away', async () => {
  const input = tensors();
  const taken = await snap(input, true);
  expect(transferablesOf(taken)).toEqual([input.tensors.pixel_values.data.buffer]);
});

test('tensors that do not fit say what was expected and what was got', async () => {
  await expect(snap(tensors(new Float32Array(4), [1, 1, 4, 1]))).rejects.toThrow(
    'expected shape [n, 1, 2, 2], got [1, 1, 4, 1]',
  );
  await expect(snap(tensors(new Float64Array(4) as never))).rejects.toThrow(
    'Float32Array, got Float64Array',
  );
  await expect(snap({ tensors: { pixels: tensors().tensors.pixel_values } })).rejects.toThrow(
    'element, or { tensors: { pixel_values } }, got { tensors: { pixels } }.',
  );
});

test('buffers that were transferred away are input-detached', async () => {
  const gone = new Float32Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await expect(snap(tensors(gone))).rejects.toThrow(
    expect.objectContaining({ code: 'input-detached' }),
  );
  const pixels = { data: new Uint8ClampedArray(16), width: 2, height: 2 };
  structuredClone(pixels.data.buffer, { transfer: [pixels.data.buffer] });
  await expect(snap(pixels)).rejects.toMatchObject({ code: 'input-detached' });
});

test('what was given away is the caller’s no more from the call on', async () => {
  const input = tensors();
  const { buffer } = input.tensors.pixel_values.data;
  const pixels = { data: new Uint8ClampedArray(16).fill(7), width: 2, height: 2 };
  const taken = [snap(input, true), snap(pixels, true)];
  expect([buffer.byteLength, pixels.data.length]).toEqual([0, 0]);
  expect(await Promise.all(taken)).toMatchObject([
    tensors(),
    { image: { data: new Uint8ClampedArray(16).fill(7) } },
  ]);
});

test('what a caller has beside its tensors does not cross, also with transfer', async () => {
  const { tensors: plain } = tensors();
  const noted = { tensors: { pixel_values: { ...plain.pixel_values, note: () => {} } } };
  const taken = await snap(noted, true);
  expect(taken).toEqual({ kind: 'tensors', ...tensors() });
});

test('an input that throws as it is read is input-invalid, and says what it threw', async () => {
  const throwing = () => {
    throw new Error('no camera');
  };
  const withGetter = (object: object, name: string, get: () => unknown = throwing) =>
    Object.defineProperty(object, name, { get, enumerable: true });
  const throwingOnce = (value: unknown) => {
    let reads = 0;
    return () => {
      reads += 1;
      return reads === 1 ? throwing() : value;
    };
  };
  const { pixel_values } = tensors().tensors;
  const inputs = () => [
    withGetter({}, 'tensors'),
    { tensors: withGetter({}, 'pixel_values') },
    { tensors: { pixel_values: withGetter({ ...pixel_values }, 'data') } },
    {
      tensors: {
        pixel_values: withGetter({ ...pixel_values }, 'shape', throwingOnce([1, 1, 2, 2])),
      },
    },
    withGetter({}, 'tensors', throwingOnce(tensors().tensors)),
    withGetter({ width: 2, height: 2 }, 'data'),
    withGetter({ data: new Uint8ClampedArray(16), height: 2 }, 'width', throwingOnce(2)),
    new Proxy({}, { has: throwing }),
    new Proxy({}, { getPrototypeOf: throwing }),
  ];
  for (const transfer of [false, true]) {
    for (const input of inputs()) {
      await expect(Promise.resolve().then(() => snap(input, transfer))).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining('no camera'),
      });
    }
  }
});

test('whatever an input throws, a message says it', async () => {
  const proxy = new Proxy(
    {},
    {
      get() {
        throw new Error('no field');
      },
    },
  );
  const silent = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('no message');
    },
  });
  const nameless = {
    get constructor() {
      throw new Error('no name');
    },
  };
  const foreign = runInNewContext("new Error('no camera there')");
  const thrown = [Object.create(null), proxy, silent, nameless, Symbol('s'), null, foreign];
  const messages: string[] = [];
  for (const value of thrown) {
    const input = {
      get tensors() {
        throw value;
      },
    };
    const error = await Promise.resolve(snap(input)).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'input-invalid' });
    messages.push(String(error).split('that cannot: ')[1] as string);
  }
  const unreadable = 'something that throws when it is looked at';
  expect(messages).toEqual([
    '{}',
    unreadable,
    'Error',
    '{ constructor }',
    'Symbol(s)',
    'null',
    'no camera there',
  ]);
});

test('tensors are read once, so that what is taken is what was checked', async () => {
  const reads: Record<string, number> = {};
  const once = (name: string, value: unknown, later: unknown) => {
    reads[name] = 0;
    return {
      enumerable: true,
      get() {
        reads[name] = (reads[name] ?? 0) + 1;
        return reads[name] === 1 ? value : later;
      },
    };
  };
  const { pixel_values } = tensors().tensors;
  const tensor = Object.defineProperties({} as typeof pixel_values, {
    datatype: once('datatype', 'FP32', 'INT8'),
    shape: once('shape', [1, 1, 2, 2], [5]),
    data: once('data', new Float32Array(4), new Float32Array(3)),
  });
  expect(await snap({ tensors: { pixel_values: tensor } })).toEqual({
    kind: 'tensors',
    ...tensors(),
  });
  expect(reads).toEqual({ datatype: 1, shape: 1, data: 1 });
});

test('tensors that fit only at a second look are input-invalid', async () => {
  let reads = 0;
  const { pixel_values } = tensors().tensors;
  const wavering = {
    ...pixel_values,
    get data() {
      reads += 1;
      return new Float32Array(reads === 1 ? 3 : 4);
    },
  };
  await expect(snap({ tensors: { pixel_values: wavering } })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('something else when it was read before'),
  });
});

test('arrays and plain objects of another realm become this one’s', async () => {
  const foreign = runInNewContext(
    '({ tensors: { pixel_values: { datatype: "FP32", shape: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 4) } } })',
  );
  const pixels = runInNewContext(
    '({ data: new Uint8ClampedArray(16).fill(7), width: 2, height: 2 })',
  );
  for (const transfer of [false, true]) {
    const taken = [await snap(foreign, transfer), await snap(pixels, transfer)];
    expect(taken).toMatchObject([
      tensors(Float32Array.of(1, 2, 3, 4)),
      { image: { data: new Uint8ClampedArray(16).fill(7) } },
    ]);
    for (const buffer of taken.flatMap(transferablesOf)) expect(buffer).toBeInstanceOf(ArrayBuffer);
  }
  expect(foreign.tensors.pixel_values.data.length).toBe(0);
});

test('pixels that are no bytes are input-invalid, and it is said what they are', async () => {
  const data = new Float32Array(16);
  await expect(snap({ data, width: 2, height: 2 })).rejects.toThrow(
    /ImageData of 8-bit pixels, .* got Object with a Float32Array\./,
  );
});

test('a picture that this environment cannot draw is not said to be empty', async () => {
  class HTMLCanvasElement {
    readonly [Symbol.toStringTag] = 'HTMLCanvasElement';
  }
  await expect(snap(new HTMLCanvasElement())).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('createImageBitmap is not defined'),
  });
});

test('what is no picture at all is input-invalid and named', async () => {
  for (const input of [null, undefined, 7, 'a string', {}, []]) {
    await expect(snap(input)).rejects.toMatchObject({ code: 'input-invalid' });
  }
});

test('an input that is no tensors is answered with the names of those that are expected', async () => {
  const plain: ModelSpec = { ...spec, task: 'tensors' };
  const input = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
  await expect(
    snapshotInput(input as never, plain, { transfer: false, refuse: refuseInput }),
  ).rejects.toThrow('expected { tensors: { pixel_values } }, got Object with a Uint8ClampedArray.');
});

test('shared memory cannot be given away, so it is copied even with transfer', async () => {
  const data = new Uint8ClampedArray(new SharedArrayBuffer(16)).fill(7);
  const taken = await snap({ data, width: 2, height: 2 }, true);
  data.fill(9);
  expect(taken).toMatchObject({ image: { data: new Uint8ClampedArray(16).fill(7) } });
  for (const buffer of transferablesOf(taken)) expect(buffer).toBeInstanceOf(ArrayBuffer);
});
