import { expect, test } from 'vitest';
import type { Model, StorageOptions } from '../../../shared/api/model.js';
import type { StreamOptions } from '../../../shared/api/streams.js';
import { open } from '../../open.js';

/** Answered by hand: Node has no backend for it. */
function openAnswered(): Promise<Model> {
  return open('https://cdn.example/models/digits', {
    trust: `sha256-${'A'.repeat(43)}`,
    backend: 'tfjs-wasm',
    fallback: () => 'by hand',
  });
}

/** What only a backend could do. */
const refused = (model: Model) => [
  model.update(),
  model.warm(),
  model.storage(),
  model.stream([]).next(),
];

async function codesOf(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(calls.map((call) => call.catch(({ code }) => code)));
}

test('what only a backend could do is `no-backend` on a model without one, and `closed` when that is', async () => {
  const model = await openAnswered();
  const stream = model.stream([]);
  expect(await codesOf(refused(model))).toEqual(Array(4).fill('no-backend'));
  await model.close();
  expect(await codesOf([...refused(model), stream.next()])).toEqual(Array(5).fill('closed'));
});

test('a model without a backend refuses the same wrong options as one that has one', async () => {
  const model = await openAnswered();
  const unknown = { foo: 1 } as StreamOptions & StorageOptions;
  const stream = model.stream([], unknown);
  await expect(stream.next()).rejects.toThrow(TypeError);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  await expect(model.stream(5 as never).next()).rejects.toThrow(/an iterable of inputs; got 5/);
  await expect(model.stream([], { signal: AbortSignal.abort('left') }).next()).rejects.toBe('left');
  await expect(model.storage(unknown)).rejects.toThrow(/got 'foo'/);
  await expect(model.storage({ persist: 1 } as never)).rejects.toThrow(TypeError);
  await model.close();
});
