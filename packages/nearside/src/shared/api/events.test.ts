import { expect, test } from 'vitest';
import { createModelEmitter } from './events.js';

test('what happened before is told to the first listener, which may leave at once', async () => {
  const emitter = createModelEmitter();
  const event = { backend: 'onnx-wasm', variant: 'int8', origin: 'prior' } as const;
  emitter.emit('backend-selected', event);
  emitter.emit('backend-selected', event);
  const heard: unknown[] = [];
  const off = emitter.on('backend-selected', (event) => {
    heard.push(event);
    off();
  });
  await Promise.resolve();
  expect(heard).toEqual([event]);
  emitter.emit('backend-selected', event);
  expect(heard).toHaveLength(1);
});
