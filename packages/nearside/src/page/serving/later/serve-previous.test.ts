import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { createModelEmitter } from '../../../shared/api/events.js';
import type { ModelContext, Serving } from '../serving.js';
import { servePrevious } from './serve-previous.js';

test('when it cannot be written down that a version has failed, the one before serves all the same', async () => {
  const connection = {
    reject: () => Promise.reject(new NearsideError('store-unavailable', 'full')),
  };
  const previous = {
    connection,
    version: { release: { version: '1.0.0' } },
  } as unknown as Serving;
  const emitter = createModelEmitter();
  const told: object[] = [];
  emitter.on('version-rolled-back', (event) => told.push(event));
  const context = { plan: {}, emitter } as ModelContext;
  const failed = { model: 'digits', version: '1.1.0', sequence: 2 };
  const error = new NearsideError('golden-mismatch', 'expected the right numbers');
  const serving = await servePrevious(context, { failed, error }, async () => previous);
  expect(serving).toBe(previous);
  expect(told).toEqual([expect.objectContaining({ from: '1.1.0', to: '1.0.0' })]);
});
