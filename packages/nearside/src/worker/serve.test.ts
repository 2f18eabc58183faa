import { expect, test } from 'vitest';
import { serve } from './serve.js';

test('serve says what is wrong with what a worker of the app’s own gives it', () => {
  const backend = { createSession: () => {} };
  const wrong: [unknown, RegExp][] = [
    [undefined, /expected an object of options; got undefined/],
    [{}, /`backend` to be a backend from 'nearside\/worker\/<backend>'; got undefined/],
    [{ backend: 'onnx-wasm' }, /`backend`.*got 'onnx-wasm'/],
    [{ backend, task: {} }, /expected one of the options backend, tasks; got 'task'/],
    [{ backend, tasks: null }, /`tasks`.*got null/],
    [{ backend, tasks: { ocr: () => {} } }, /`tasks`.*got \{ ocr \}/],
    [{ backend, tasks: { ocr: { preprocess: 5 } } }, /`tasks`.*got \{ ocr \}/],
  ];
  for (const [options, message] of wrong) {
    expect(() => serve(options as never)).toThrow(TypeError);
    expect(() => serve(options as never)).toThrow(/^serve: /);
    expect(() => serve(options as never)).toThrow(message);
  }
  const tasks = { ocr: { preprocess: () => ({}) }, other: {} };
  expect(serve({ backend, tasks } as never)).toBeTypeOf('function');
});

test('all that a module exports is a task, and all tasks', async () => {
  const task = await import('../testing/sample-dimensions.js');
  const backend = { createSession: () => {} };
  expect(serve({ backend, tasks: { ocr: task } } as never)).toBeTypeOf('function');
});
